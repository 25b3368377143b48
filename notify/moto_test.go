package notify_test

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awscloudwatch "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"holdfast/failure"
	"holdfast/internal/testkit"
	"holdfast/notify"
	"holdfast/notify/cloudwatch"
	"holdfast/notify/eventbridge"
	"holdfast/notify/sns"
)

const motoRegion = "eu-west-1"

// queue is an SQS queue at moto, spoken to in plain HTTP: its SDK is needed for nothing else.
type queue struct {
	t   *testing.T
	url string
}

func (q queue) ask(endpoint string, form url.Values) []byte {
	q.t.Helper()
	request, err := http.NewRequestWithContext(q.t.Context(), http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		q.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260303/"+motoRegion+"/sqs/aws4_request, SignedHeaders=host, Signature=x")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		q.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		q.t.Fatalf("SQS %s: %s %v: %s", form.Get("Action"), answer.Status, err, data)
	}
	return data
}

func newQueue(t *testing.T, moto, name string) (q queue, arn string) {
	t.Helper()
	q = queue{t, ""}
	var made struct {
		URL string `xml:"CreateQueueResult>QueueUrl"`
	}
	if err := xml.Unmarshal(q.ask(moto, url.Values{"Action": {"CreateQueue"}, "QueueName": {name}}), &made); err != nil {
		t.Fatal(err)
	}
	q.url = made.URL
	return q, "arn:aws:sqs:" + motoRegion + ":123456789012:" + name
}

// receive returns the bodies of what is in the queue.
func (q queue) receive() (bodies []string) {
	q.t.Helper()
	var got struct {
		Bodies []string `xml:"ReceiveMessageResult>Message>Body"`
	}
	data := q.ask(q.url, url.Values{"Action": {"ReceiveMessage"}, "MaxNumberOfMessages": {"10"}, "QueueUrl": {q.url}})
	if err := xml.Unmarshal(data, &got); err != nil {
		q.t.Fatal(err)
	}
	return got.Bodies
}

// TestMoto sends to SNS, EventBridge and CloudWatch of an emulator with an idea of AWS of
// its own, and looks at what came out at the other end.
func TestMoto(t *testing.T) {
	t.Parallel()
	moto := testkit.Moto(t)
	cfg := aws.Config{
		Region: motoRegion, BaseEndpoint: &moto.URL,
		Credentials: credentials.NewStaticCredentialsProvider("x", "x", ""),
	}
	trial := notify.Trial(time.Now().UTC())
	trial.Installation, trial.Title, trial.Text = "acme", "Sicherung fehlgeschlagen: "+strings.Repeat("ü", 200), "the text"
	t.Run("SNS", func(t *testing.T) { throughSNS(t, moto.URL, cfg, trial) })
	t.Run("EventBridge", func(t *testing.T) { throughEventBridge(t, moto.URL, cfg, trial) })
	t.Run("CloudWatch", func(t *testing.T) { throughCloudWatch(t, cfg, trial) })
}

func throughSNS(t *testing.T, moto string, cfg aws.Config, trial notify.Message) {
	client := awssns.NewFromConfig(cfg)
	topic, err := client.CreateTopic(t.Context(), &awssns.CreateTopicInput{Name: aws.String("backups")})
	if err != nil {
		t.Fatal(err)
	}
	q, arn := newQueue(t, moto, "from-sns")
	if _, err := client.Subscribe(t.Context(), &awssns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: &arn,
		Attributes: map[string]string{"FilterPolicy": `{"EventType":["BACKUP_JOB"],"State":["FAILED"],"AccountId":["111122223333"]}`},
	}); err != nil {
		t.Fatal(err)
	}
	if err := sns.New(cfg, *topic.TopicArn).Send(t.Context(), trial); err != nil {
		t.Fatal(err)
	}
	bodies := q.receive()
	if len(bodies) != 1 {
		t.Fatalf("%d messages came through the filter, want 1", len(bodies))
	}
	var got struct{ Subject, Message string }
	if err := json.Unmarshal([]byte(bodies[0]), &got); err != nil || got.Message != "the text" || len(got.Subject) != 100 {
		t.Errorf("it came as %s, %v", bodies[0], err)
	}
	err = sns.New(cfg, *topic.TopicArn+"-gone").Send(t.Context(), trial)
	if !failure.Is(err, failure.NotFound) {
		t.Errorf("a topic that is not there: %v, want class not_found", err)
	}
}

func throughEventBridge(t *testing.T, moto string, cfg aws.Config, trial notify.Message) {
	client := awseventbridge.NewFromConfig(cfg)
	q, arn := newQueue(t, moto, "from-events")
	// The rule of somebody who used AWS Backup, with its source changed.
	pattern := `{"source":["holdfast"],"detail-type":["Backup Job State Change"],"detail":{"state":["FAILED"],"resourceType":["EBS"],"backupVaultName":["test"]}}`
	if _, err := client.PutRule(t.Context(), &awseventbridge.PutRuleInput{Name: aws.String("failed"), EventPattern: &pattern}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutTargets(t.Context(), &awseventbridge.PutTargetsInput{
		Rule: aws.String("failed"), Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: &arn}},
	}); err != nil {
		t.Fatal(err)
	}
	many := trial
	many.Events = nil
	for range 23 {
		many.Events = append(many.Events, trial.Events[0])
	}
	if err := eventbridge.New(cfg, "").Send(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	var all []string
	for range 10 {
		more := q.receive()
		all = append(all, more...)
		if len(more) == 0 {
			break
		}
	}
	if len(all) != 23 {
		t.Fatalf("%d events came through the rule, want 23", len(all))
	}
	var got struct {
		Source string         `json:"source"`
		Detail map[string]any `json:"detail"`
	}
	if err := json.Unmarshal([]byte(all[0]), &got); err != nil || got.Detail["backupJobId"] != trial.Events[0].JobID || got.Detail["state"] != "FAILED" {
		t.Errorf("it came as %s, %v", all[0], err)
	}
}

// moto knows CloudWatch's older protocol only.
func oldProtocol(o *awscloudwatch.Options) {
	o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
}

func throughCloudWatch(t *testing.T, cfg aws.Config, trial notify.Message) {
	target := cloudwatch.New(cfg, "", oldProtocol)
	trial.Metrics[0].Count = 7
	if err := target.Send(t.Context(), trial); err != nil {
		t.Fatal(err)
	}
	minute := trial.Metrics[0].Minute
	out, err := awscloudwatch.NewFromConfig(cfg, oldProtocol).GetMetricData(t.Context(), &awscloudwatch.GetMetricDataInput{
		StartTime: aws.Time(minute.Add(-time.Hour)), EndTime: aws.Time(minute.Add(time.Hour)),
		MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("failed"), MetricStat: &cwtypes.MetricStat{
			Metric: &cwtypes.Metric{
				Namespace: aws.String(cloudwatch.DefaultNamespace), MetricName: aws.String("NumberOfBackupJobsFailed"),
				Dimensions: []cwtypes.Dimension{
					{Name: aws.String("ResourceType"), Value: aws.String("EBS")}, {Name: aws.String("BackupVaultName"), Value: aws.String("test")},
				},
			},
			Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.MetricDataResults) != 1 || !slices.Equal(out.MetricDataResults[0].Values, []float64{7}) {
		t.Errorf("CloudWatch has %+v, want 7 failed jobs", out.MetricDataResults)
	}
}
