package ec2_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go/middleware"

	"holdfast/driver"
	"holdfast/driver/ec2"
	"holdfast/driver/internal/mototest"
	"holdfast/internal/awssession"
)

// forgiving takes the tags of an image's snapshots out of CreateImage, on which moto fails,
// and gives sizes to the volumes of RunInstances, which moto does not take from the image.
type forgiving struct{ awssession.Provider }

func (f forgiving) Config(ctx context.Context, req awssession.Request) (aws.Config, error) {
	cfg, err := f.Provider.Config(ctx, req)
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("MotosNeeds", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			switch input := in.Parameters.(type) {
			case *sdk.CreateImageInput:
				input.TagSpecifications = input.TagSpecifications[:1]
			case *sdk.RunInstancesInput:
				for _, m := range input.BlockDeviceMappings {
					m.Ebs.VolumeSize = aws.Int32(15)
				}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
	return cfg, err
}

func launch(t *testing.T, client *sdk.Client) string {
	t.Helper()
	out, err := client.RunInstances(t.Context(), &sdk.RunInstancesInput{
		ImageId: aws.String("ami-12c6146b"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: types.InstanceTypeT3Micro,
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}},
		}},
	})
	if err != nil {
		t.Fatalf("launch an instance: %v", err)
	}
	return aws.ToString(out.Instances[0].InstanceId)
}

func TestLifeOfAnImageOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	d := ec2.New(forgiving{lab.Sessions})
	id := launch(t, sdk.NewFromConfig(lab.Config(t, mototest.Home)))
	instances := mototest.Discover(t, d, mototest.Home)
	if len(instances) != 1 || instances[0].Name != id || instances[0].Tags["env"] != "prod" || instances[0].Unsupported != "" ||
		instances[0].ARN != "arn:aws:ec2:us-east-1:111111111111:instance/"+id {
		t.Fatalf("discovered %+v, want only instance %s", instances, id)
	}
	if others := mototest.Discover(t, d, mototest.Other); len(others) != 0 {
		t.Errorf("discovered %+v in the other account", others)
	}
	point := mototest.Backup(t, d, instances[0], "backup")
	// moto gives a copy no tags, so that it cannot be found by its mark.
	copied, err := d.Copy(t.Context(), driver.CopyRequest{
		Scope: mototest.Away, Mark: mototest.Mark("copy", instances[0]), Source: point, SourceScope: mototest.Home,
	})
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	if status := mototest.Look(t, d, mototest.Away, driver.Copy, copied); status.State != driver.Succeeded {
		t.Errorf("copy is %+v, want succeeded", status)
	}
	restored := mototest.Restore(t, d, instances[0], point, map[string]string{"instance_type": "m5.large"}, "restore")
	var got, recorded ec2.Settings
	for raw, into := range map[*json.RawMessage]*ec2.Settings{&restored.Settings: &got, &instances[0].Settings: &recorded} {
		if err := json.Unmarshal(*raw, into); err != nil {
			t.Fatalf("settings: %v", err)
		}
	}
	if got.InstanceType != "m5.large" || got.SubnetID != recorded.SubnetID || got.SubnetID == "" || restored.Tags["env"] != "prod" {
		t.Errorf("restored %+v with tags %v, want an m5.large in subnet %s, tagged as the source", got, restored.Tags, recorded.SubnetID)
	}
	mototest.Lend(t, d, instances[0], point, func() (accounts []string) {
		out, err := sdk.NewFromConfig(lab.Config(t, mototest.Home)).DescribeImageAttribute(t.Context(), &sdk.DescribeImageAttributeInput{
			ImageId: aws.String(string(point.Ref)), Attribute: types.ImageAttributeNameLaunchPermission,
		})
		if err != nil {
			t.Fatalf("permissions: %v", err)
		}
		for _, p := range out.LaunchPermissions {
			accounts = append(accounts, aws.ToString(p.UserId))
		}
		return accounts
	})
	mototest.Expire(t, d, mototest.Home, point)
	lab.CheckActions(t, d.Descriptor())
}
