package operator

import (
	"fmt"
	"time"

	"holdfast/catalog"
	"holdfast/internal/awssession"
)

// CloudTrail has the queries that find what a job did on AWS.
type CloudTrail struct {
	// Lookup is a command for the account and region of the job. CloudTrail itself cannot
	// filter by user agent, so the command line does.
	// Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
	Lookup string `json:"lookup"`
	// Athena is SQL for the usual table over the bucket of a trail.
	// Source: https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
	Athena string `json:"athena"`
}

// trailMargin is how long before and after a job its calls are looked for: clocks differ,
// and the last touch to a copy or a restore comes a moment after the end.
const trailMargin = 15 * time.Minute

// cloudTrailOf returns the queries for job as it is at now.
func cloudTrailOf(job catalog.Job, now time.Time) CloudTrail {
	end := now
	if !job.EndedAt.IsZero() {
		end = job.EndedAt
	}
	from, to := job.CreatedAt.Add(-trailMargin).UTC().Format(time.RFC3339), end.Add(trailMargin).UTC().Format(time.RFC3339)
	agent := awssession.UserAgentOf(job.ID)
	return CloudTrail{
		Lookup: fmt.Sprintf("aws cloudtrail lookup-events --region %s --start-time %s --end-time %s --lookup-attributes AttributeKey=ReadOnly,AttributeValue=false "+
			"--query \"Events[?contains(CloudTrailEvent, '%s')].[EventTime,EventSource,EventName,EventId]\" --output table", job.Region, from, to, agent),
		Athena: fmt.Sprintf("SELECT eventtime, eventsource, eventname, errorcode, requestid FROM cloudtrail_logs WHERE recipientaccountid = '%s' AND awsregion = '%s' "+
			"AND eventtime BETWEEN '%s' AND '%s' AND useragent LIKE '%%%s%%' ORDER BY eventtime", job.Account, job.Region, from, to, agent),
	}
}
