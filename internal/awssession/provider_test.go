package awssession

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"holdfast/failure"
	"holdfast/internal/awserr"
	"holdfast/resource"
)

func request(account string, purpose resource.Purpose) Request {
	return Request{
		Scope:   resource.Scope{Partition: "aws", Account: account, Region: "us-east-1"},
		Purpose: purpose,
	}
}

func TestConfigAssumesTheRoleOfAccountAndPurpose(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	provider := newTestProvider(t, fake, func(o *Options) { o.ExternalID = "ext-1" })
	cfg, err := provider.Config(context.Background(), request("111122223333", resource.ForBackup))
	if err != nil {
		t.Fatalf("Config: %v", err)
	}
	got, err := cfg.Credentials.Retrieve(context.Background())
	if err != nil || got.AccessKeyID != "ASIA111122223333" || cfg.Region != "us-east-1" {
		t.Errorf("credentials %q in %q, err %v", got.AccessKeyID, cfg.Region, err)
	}
	form := fake.assumed[0]
	want := map[string]string{
		"RoleArn":    "arn:aws:iam::111122223333:role/holdfast-backup",
		"ExternalId": "ext-1", "RoleSessionName": "holdfast-prod-backup", "DurationSeconds": "3600",
	}
	for key, value := range want {
		if form.Get(key) != value {
			t.Errorf("AssumeRole %s = %q, want %q", key, form.Get(key), value)
		}
	}
}

func TestManyCallersMakeOneSession(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	provider := newTestProvider(t, fake, nil)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := provider.Config(context.Background(), request("111122223333", resource.ForBackup)); err != nil {
				t.Errorf("Config: %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := provider.Config(context.Background(), request("111122223333", resource.ForExpire)); err != nil {
		t.Fatalf("Config: %v", err)
	}
	if len(fake.assumed) != 2 {
		t.Errorf("%d AssumeRole calls, want one for each of two purposes", len(fake.assumed))
	}
}

func TestWrongSessionsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fake *fakeSTS
		tune func(*Options)
		want failure.Class
		text string
	}{
		{"role denied", &fakeSTS{deny: "AccessDenied"}, nil, failure.Denied, "111122223333"},
		{"own session expired", &fakeSTS{deny: "ExpiredToken"}, nil, failure.Credentials, "ExpiredToken"},
		{"role cannot be had", &fakeSTS{deny: "RegionDisabledException"}, nil, failure.Credentials, "RegionDisabled"},
		{"template of one account", &fakeSTS{}, func(o *Options) {
			o.RoleTemplate = "arn:aws:iam::999999999999:role/{account}"
		}, failure.Credentials, "of account 999999999999"},
		{"no template, other account", &fakeSTS{}, func(o *Options) { o.RoleTemplate = "" }, failure.Credentials, "no role template"},
		{"other partition", &fakeSTS{identity: "arn:aws-cn:sts::111122223333:assumed-role/r/s"}, nil, failure.Credentials, "partition aws"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := newTestProvider(t, tt.fake, tt.tune).Config(context.Background(), request("111122223333", resource.ForBackup))
			if !failure.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Config = %v (class %q), want class %q and %q", err, failure.ClassOf(err), tt.want, tt.text)
			}
		})
	}
}

func TestFailedSessionIsTriedAgain(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{deny: "AccessDenied"}
	provider := newTestProvider(t, fake, nil)
	req := request("111122223333", resource.ForBackup)
	if _, err := provider.Config(context.Background(), req); err == nil {
		t.Fatal("Config succeeded with a denied role")
	}
	fake.mu.Lock()
	fake.deny = ""
	fake.mu.Unlock()
	if _, err := provider.Config(context.Background(), req); err != nil {
		t.Errorf("Config after the role was mended: %v", err)
	}
}

func TestOwnAccountWithoutTemplate(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	provider := newTestProvider(t, fake, func(o *Options) { o.RoleTemplate = "" })
	if _, err := provider.Config(context.Background(), request(baseAccount, resource.ForBackup)); err != nil {
		t.Errorf("Config of the own account: %v", err)
	}
	if len(fake.assumed) != 0 {
		t.Errorf("assumed %v, want no role", fake.assumed)
	}
}

func TestJobAndObserver(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	var mu sync.Mutex
	var calls []Call
	provider := newTestProvider(t, fake, func(o *Options) {
		o.Observer = func(c Call) {
			mu.Lock()
			defer mu.Unlock()
			c.Duration = 0
			calls = append(calls, c)
		}
	})
	cfg, err := provider.Config(context.Background(), request("111122223333", resource.ForBackup))
	if err != nil {
		t.Fatalf("Config: %v", err)
	}
	fake.agents, calls = nil, nil
	ctx := WithJob(context.Background(), "JOB1")
	if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err != nil {
		t.Fatalf("GetCallerIdentity: %v", err)
	}
	if len(fake.agents) != 1 || !strings.Contains(fake.agents[0], "aws-sdk-go-v2/") ||
		!strings.HasSuffix(fake.agents[0], " holdfast-job/JOB1") {
		t.Errorf("user agents %q, want the SDK's followed by holdfast-job/JOB1", fake.agents)
	}
	want := []Call{{
		Account: "111122223333", Region: "us-east-1", Purpose: resource.ForBackup,
		Service: "sts", Operation: "GetCallerIdentity",
	}}
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("observed calls (-want +got):\n%s", diff)
	}
}

func TestObserverSeesEveryAttempt(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var throttled int
	provider := newTestProvider(t, &fakeSTS{deny: "Throttling"}, func(o *Options) {
		o.Observer = func(c Call) {
			mu.Lock()
			defer mu.Unlock()
			if c.Throttled() && c.Operation == "AssumeRole" {
				throttled++
			}
		}
	})
	_, err := provider.Config(context.Background(), request("111122223333", resource.ForBackup))
	if !failure.Is(err, failure.Throttled) {
		t.Errorf("Config = %v, want class throttled", err)
	}
	if throttled != 3 {
		t.Errorf("observer saw %d throttles, want the SDK's three attempts", throttled)
	}
}

func TestConfigHonoursTheCallersDeadlineWhileWaiting(t *testing.T) {
	t.Parallel()
	s := newSession()
	s.lock <- struct{}{}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.get(ctx, nil); !failure.Is(err, failure.Transient) {
		t.Errorf("get = %v, want class transient", err)
	}
}

func TestOptionsValidateListsEverything(t *testing.T) {
	t.Parallel()
	err := Options{RoleTemplate: "arn:aws:iam::{acount}:role/x", ExternalID: "é", Duration: time.Second}.Validate()
	if err == nil {
		t.Fatal("Validate accepted nonsense")
	}
	for _, want := range []string{"installation", "{acount}", "{account} is missing", "external id", "duration"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %q, does not name %q", err, want)
		}
	}
}

func TestSessionNameFitsSTS(t *testing.T) {
	t.Parallel()
	name := Options{Installation: strings.Repeat("a b/", 40)}.sessionName(resource.ForDiscover)
	if len(name) > maxSessionNameChar || notInSessionName.MatchString(name) || !strings.HasSuffix(name, "-discover") {
		t.Errorf("session name %q does not fit STS", name)
	}
}

func TestPresigningIsNotObserved(t *testing.T) {
	t.Parallel()
	provider := newTestProvider(t, &fakeSTS{}, func(o *Options) {
		o.Observer = func(c Call) { t.Errorf("observed %+v, but presigning sends nothing", c) }
	})
	client := sts.NewPresignClient(sts.NewFromConfig(provider.Base("")))
	if _, err := client.PresignGetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("presign: %v", err)
	}
}

func TestRevokedSessionIsAssumedAnew(t *testing.T) {
	t.Parallel()
	fake := &fakeSTS{}
	cfg, err := newTestProvider(t, fake, nil).Config(context.Background(), request("111122223333", resource.ForBackup))
	if err != nil {
		t.Fatalf("Config: %v", err)
	}
	client := sts.NewFromConfig(cfg)
	call := func(refuse bool) error {
		fake.mu.Lock()
		fake.refuse = refuse
		fake.mu.Unlock()
		_, err := client.GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		return err
	}
	if err := call(true); awserr.Classify(err) != failure.Credentials {
		t.Fatalf("call with a revoked session = %v, want class credentials", err)
	}
	if err := call(false); err != nil {
		t.Errorf("call after the revocation: %v", err)
	}
	if len(fake.assumed) != 2 {
		t.Errorf("%d AssumeRole calls, want a second one after the refusal", len(fake.assumed))
	}
}
