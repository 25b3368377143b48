package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdfast/admission/budget"
	"holdfast/admission/redisbudget"
	"holdfast/config"
	"holdfast/internal/testkit"
)

// budgetOffice is an office whose Redis has one quiet bucket and one that AWS throttled.
func budgetOffice(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	server := testkit.Miniredis(t)
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+"redis: {mode: single, addresses: ['"+server.Addr()+"']}\n")
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	limiter := redisbudget.New(client, redisbudget.Options{Installation: "acme"})
	settings := config.Default().Budgets.Settings()
	for _, operation := range []string{"CreateSnapshot", "DescribeSnapshots"} {
		bucket, terms := settings.Terms("ec2", operation)
		key := budget.Key{Account: "111122223333", Region: "eu-central-1", Bucket: bucket}
		_, err := limiter.Reserve(t.Context(), key, terms, budget.Ask{})
		o.must(err)
		if operation == "CreateSnapshot" {
			o.must(limiter.Throttled(t.Context(), key, terms))
			_, err := limiter.Reserve(t.Context(), key, terms, budget.Ask{Patience: time.Second}) // put off: begins a line
			o.must(err)
		}
	}
	return o
}

func TestBudgetsAreShown(t *testing.T) {
	t.Parallel()
	o := budgetOffice(t)
	var list budgetList
	a := o.run("limits", "show", "--budgets", "--output", "json")
	if err := json.Unmarshal([]byte(a.stdout), &list); err != nil || a.code != codeDone || len(list.Budgets) != 2 {
		t.Fatalf("exit %d, %v:\n%s%s", a.code, err, a.stdout, a.stderr)
	}
	throttled, quiet := list.Budgets[0], list.Budgets[1]
	if throttled.Bucket != "ec2:CreateSnapshot" || throttled.Rate != 5 || throttled.Burst != 100 || throttled.Factor > 0.9 ||
		throttled.Tokens > 50 || throttled.Line <= 0 {
		t.Errorf("the throttled bucket is %+v", throttled)
	}
	if quiet.Bucket != "ec2:DescribeSnapshots" || quiet.Factor != 1 || quiet.Tokens < 99 || quiet.Line != 0 || quiet.Account != "111122223333" {
		t.Errorf("the quiet bucket is %+v", quiet)
	}
	text := o.run("limits", "show", "--budgets")
	for _, want := range []string{"PUT OFF", "ec2:DescribeSnapshots", "20/s", "100 %"} {
		if !strings.Contains(text.stdout, want) {
			t.Errorf("the table has no %q:\n%s", want, text.stdout)
		}
	}
}

func TestBudgetsThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if a := o.run("limits", "show", "--budgets"); a.code != codeDone || !strings.Contains(a.stderr, "holdfast_budget_") {
		t.Errorf("embedded: exit %d\n%s%s", a.code, a.stdout, a.stderr)
	}
	o.write("holdfast.yaml", fmt.Sprintf(officeConfig, o.dir)+"budgets: {enabled: false}\n")
	if a := o.run("limits", "show", "--budgets"); a.code != codeDone || !strings.Contains(a.stderr, "budgets.enabled is false") {
		t.Errorf("off: exit %d\n%s%s", a.code, a.stdout, a.stderr)
	}
}

func TestDoctorNamesBudgetsThatAWSThrottles(t *testing.T) {
	t.Parallel()
	found := budgetOffice(t).diagnoseQueue()["budgets"]
	if found.Status != statusWarn || !strings.Contains(found.Message, "ec2:CreateSnapshot in account 111122223333") {
		t.Errorf("the doctor says %+v", found)
	}
}
