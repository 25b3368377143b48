package main

import (
	"encoding/json"
	"fmt"
	"time"

	"holdfast/admission"
	"holdfast/catalog"
	"holdfast/resource"
)

// The organization everything is measured on: sizeable, its work spread evenly.
const (
	accounts    = 20
	partition   = "aws"
	noLimit     = 1_000_000
	startWindow = 8 * time.Hour
)

var regions = []string{"eu-central-1", "eu-west-1"}

// roomy are caps nobody reaches: what is measured is the machinery, not the waiting.
func roomy() admission.Caps {
	return admission.Caps{"fleet=all": noLimit, "account=*": noLimit, "quota-ebs-backup=*": noLimit}
}

// jobID is the id of job i, as long and as random as a real one.
func jobID(i int) string { return catalog.JobID("bench", fmt.Sprint(i)) }

// scopeOf spreads resources over accounts and regions.
func scopeOf(i int) resource.Scope {
	return resource.Scope{Partition: partition, Account: fmt.Sprintf("%012d", 100000000000+i%accounts), Region: regions[i/accounts%len(regions)]}
}

// volume is resource i.
func volume(i int) resource.Resource {
	scope := scopeOf(i)
	name := fmt.Sprintf("vol-%017x", i)
	return resource.Resource{
		ARN:  "arn:aws:ec2:" + scope.Region + ":" + scope.Account + ":volume/" + name,
		Kind: resource.EBS, Account: scope.Account, Region: scope.Region, Name: name,
		Tags:     map[string]string{"backup": "daily", "team": "orders", "Name": "data"},
		Settings: json.RawMessage(`{"size_gib":100,"type":"gp3","iops":3000,"throughput":125,"az":"` + scope.Region + `a"}`),
	}
}

// volumes are resources 0 to n-1.
func volumes(n int) []resource.Resource {
	all := make([]resource.Resource, n)
	for i := range all {
		all[i] = volume(i)
	}
	return all
}

// backups are the jobs that back up volumes 0 to n-1.
func backups(n int, now time.Time) []catalog.Job {
	jobs := make([]catalog.Job, n)
	for i := range jobs {
		job := catalog.NewBackup(jobID(i), volume(i), partition, "bench", now)
		job.Plan, job.Rule, job.FireAt, job.StartBy = "gold", "daily", now, now.Add(startWindow)
		jobs[i] = job
	}
	return jobs
}
