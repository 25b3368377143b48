package s3_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	aws3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"holdfast/driver/awsbackup"
	"holdfast/driver/internal/mototest"
	"holdfast/driver/s3"
)

// TestDiscoverOnMoto lists buckets with their tags and versioning: jobs moto does not know.
func TestDiscoverOnMoto(t *testing.T) {
	t.Parallel()
	lab := mototest.New(t)
	client := aws3.NewFromConfig(lab.Config(t, mototest.Home), func(o *aws3.Options) { o.UsePathStyle = true })
	for _, name := range []string{"plain", "versioned"} {
		if _, err := client.CreateBucket(t.Context(), &aws3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := client.PutBucketVersioning(t.Context(), &aws3.PutBucketVersioningInput{
		Bucket: aws.String("versioned"), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutBucketTagging(t.Context(), &aws3.PutBucketTaggingInput{
		Bucket: aws.String("versioned"), Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("env"), Value: aws.String("prod")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := s3.New(lab.Sessions, awsbackup.Options{})
	found := mototest.Discover(t, d, mototest.Home)
	if len(found) != 2 {
		t.Fatalf("discovered %+v, want two buckets", found)
	}
	for _, r := range found {
		versioned := r.Name == "versioned"
		if (r.Unsupported == "") != versioned || (r.Tags["env"] == "prod") != versioned {
			t.Errorf("%s is %+v", r.Name, r)
		}
	}
}
