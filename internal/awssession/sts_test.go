package awssession

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// fakeSTS speaks just enough of the Query protocol: a session's access key is
// ASIA<account of the role>, and GetCallerIdentity reads the account back from it.
type fakeSTS struct {
	mu       sync.Mutex
	assumed  []url.Values
	agents   []string
	deny     string // error code for AssumeRole, "" for none
	identity string // ARN to answer with, "" for the honest one
	refuse   bool   // refuse every caller
}

const baseAccount = "000000000001"

func (f *fakeSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.agents = append(f.agents, r.UserAgent())
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-Requestid", fmt.Sprint("req-", len(f.agents)))
	if f.refuse {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>revoked</Message></Error></ErrorResponse>`)
		return
	}
	if r.Form.Get("Action") == "GetCallerIdentity" {
		f.writeIdentity(w, r.Header.Get("Authorization"))
		return
	}
	f.assumed = append(f.assumed, r.Form)
	if f.deny != "" {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, f.deny)
		return
	}
	account := strings.Split(r.Form.Get("RoleArn"), ":")[4]
	fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA%s</AccessKeyId>
<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`, account)
}

func (f *fakeSTS) writeIdentity(w http.ResponseWriter, authorization string) {
	account, arn := baseAccount, f.identity
	if _, key, ok := strings.Cut(authorization, "Credential=ASIA"); ok {
		account = key[:12]
	}
	if arn == "" {
		arn = "arn:aws:sts::" + account + ":assumed-role/r/s"
	}
	fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>%s</Account><Arn>%s</Arn>
</GetCallerIdentityResult></GetCallerIdentityResponse>`, account, arn)
}

// newTestProvider returns a provider whose STS is fake; mutate may change the options.
func newTestProvider(t *testing.T, fake *fakeSTS, mutate func(*Options)) *RoleProvider {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	options := Options{
		Installation: "prod", RoleTemplate: "arn:{partition}:iam::{account}:role/holdfast-{purpose}",
		Base: &aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String(server.URL),
			Credentials: credentials.NewStaticCredentialsProvider("AKIABASE", "s", ""),
			Retryer: func() aws.Retryer {
				return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
			},
		},
	}
	if mutate != nil {
		mutate(&options)
	}
	provider, err := NewProvider(context.Background(), options)
	if err != nil {
		t.Fatalf("NewProvider: %v", err)
	}
	return provider
}
