package backupgateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// gateway answers each request with the next of answers.
func gateway(t *testing.T, answers ...func(http.ResponseWriter, *http.Request)) (*Client, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		answers[min(n, len(answers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	return New(aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "session"),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		},
	}), &asked
}

func refuse(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Requestid", "request-1")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestACallOnTheWire(t *testing.T) {
	t.Parallel()
	client, _ := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		var in ListVirtualMachinesInput
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || aws.ToInt32(in.MaxResults) != 7 || in.NextToken != nil {
			t.Errorf("the input is %+v, %v", in, err)
		}
		for name, want := range map[string]string{
			"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "BackupOnPremises_v20210101.ListVirtualMachines",
			"Authorization": "/eu-west-1/backup-gateway/aws4_request", "X-Amz-Security-Token": "session",
		} {
			if got := r.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("header %s is %q, want %q in it", name, got, want)
			}
		}
		_, _ = w.Write([]byte(`{"VirtualMachines":[{"Name":"web","HostName":"esx-1","ResourceArn":"arn:aws:backup-gateway:eu-west-1:1:vm/vm-1"}],"NextToken":"more"}`))
	})
	got, err := client.ListVirtualMachines(t.Context(), &ListVirtualMachinesInput{MaxResults: aws.Int32(7)})
	if err != nil {
		t.Fatal(err)
	}
	want := &ListVirtualMachinesOutput{NextToken: aws.String("more"), VirtualMachines: []VirtualMachine{{
		Name: aws.String("web"), HostName: aws.String("esx-1"), ResourceArn: aws.String("arn:aws:backup-gateway:eu-west-1:1:vm/vm-1"),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

func TestErrorsHaveTheirCode(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"__type":"com.amazonaws.backupgateway#ValidationException","message":"no"}`: "ValidationException",
		`{"__type":"AccessDeniedException:http://internal","Message":"no"}`:           "AccessDeniedException",
		`not JSON at all`: "",
	} {
		client, asked := gateway(t, refuse(http.StatusBadRequest, body))
		_, err := client.ListTagsForResource(t.Context(), &ListTagsForResourceInput{ResourceArn: aws.String("arn")})
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != want || asked.Load() != 1 {
			t.Errorf("%s: %v after %d requests, want code %q at once", body, err, asked.Load(), want)
		}
	}
}

func TestThrottlesAndServerErrorsAreTriedAgain(t *testing.T) {
	t.Parallel()
	client, asked := gateway(t,
		refuse(http.StatusBadRequest, `{"__type":"ThrottlingException"}`), refuse(http.StatusInternalServerError, `{"__type":"InternalServerException"}`),
		func(w http.ResponseWriter, r *http.Request) {
			var in TagResourceInput
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || len(in.Tags) != 1 {
				t.Errorf("the third attempt sent %+v, %v", in, err)
			}
			_, _ = w.Write([]byte(`{"ResourceARN":"arn"}`))
		})
	out, err := client.TagResource(t.Context(), &TagResourceInput{ResourceARN: aws.String("arn"), Tags: []Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
	if err != nil || aws.ToString(out.ResourceARN) != "arn" || asked.Load() != 3 {
		t.Errorf("%+v, %v after %d requests", out, err, asked.Load())
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"eu-west-1":  "https://backup-gateway.eu-west-1.amazonaws.com",
		"cn-north-1": "https://backup-gateway.cn-north-1.amazonaws.com.cn",
	} {
		if got := New(aws.Config{Region: region}).endpoint(); got != want {
			t.Errorf("%s: %s, want %s", region, got, want)
		}
	}
}
