package resource

import "testing"

// What is taken for an ARN is written as it was read.
func FuzzParseARN(f *testing.F) {
	for _, seed := range []string{
		"arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", "arn:aws:s3:::bucket", "arn:aws-cn:rds:cn-north-1:111122223333:cluster:a:b",
		"arn:aws:dynamodb:eu-west-1:111122223333:table/a/backup/01", "arn:", "arn:aws:::::", "arn:aws:ec2:eu-west-1:1:volume/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		arn, err := ParseARN(text)
		if err == nil && arn.String() != text {
			t.Errorf("%q became %q", text, arn.String())
		}
	})
}
