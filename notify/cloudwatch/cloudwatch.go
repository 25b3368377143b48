// Package cloudwatch counts jobs and recovery points as Amazon CloudWatch metrics, under
// AWS Backup's names and dimensions in a namespace of one's own.
package cloudwatch

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"holdfast/internal/awserr"
	"holdfast/notify"
)

// DefaultNamespace is where metrics go; AWS/... is Amazon's own.
const DefaultNamespace = "Holdfast/Backup"

// maxData is what one PutMetricData takes.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
const maxData = 1000

// Metrics is a target that puts metrics.
type Metrics struct {
	client    *cloudwatch.Client
	namespace string
}

var _ notify.Target = (*Metrics)(nil)

// New returns a target for namespace (empty is DefaultNamespace) with the credentials and
// region of cfg. options may change the client, for servers that speak an older protocol.
func New(cfg aws.Config, namespace string, options ...func(*cloudwatch.Options)) *Metrics {
	if namespace == "" {
		namespace = DefaultNamespace
	}
	return &Metrics{client: cloudwatch.NewFromConfig(cfg, options...), namespace: namespace}
}

// Send implements notify.Target. CloudWatch adds up what it gets twice: a message whose
// answer was lost counts double.
func (c *Metrics) Send(ctx context.Context, m notify.Message) error {
	data := make([]types.MetricDatum, 0, len(m.Metrics))
	for _, s := range m.Metrics {
		d := types.MetricDatum{
			MetricName: aws.String(s.Metric), Timestamp: aws.Time(s.Minute),
			Value: aws.Float64(float64(s.Count)), Unit: types.StandardUnitCount,
		}
		for _, dimension := range []struct{ name, value string }{{"ResourceType", s.ResourceType}, {"BackupVaultName", s.Vault}} {
			if dimension.value != "" {
				d.Dimensions = append(d.Dimensions, types.Dimension{Name: aws.String(dimension.name), Value: aws.String(dimension.value)})
			}
		}
		data = append(data, d)
	}
	for start := 0; start < len(data); start += maxData {
		_, err := c.client.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
			Namespace: &c.namespace, MetricData: data[start:min(start+maxData, len(data))],
		})
		if err != nil {
			return awserr.Wrap("cloudwatch:PutMetricData", err)
		}
	}
	return nil
}
