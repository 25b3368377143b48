package tasks

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/resource"
)

func TestStartRoundTrip(t *testing.T) {
	t.Parallel()
	for _, op := range []driver.Operation{driver.Backup, driver.Copy, driver.Restore, driver.Expire} {
		task, err := NewStart(op, "abc", 3_000_000_007)
		if err != nil {
			t.Fatal(err)
		}
		if task.ID != "abc.3000000007" || !strings.HasPrefix(task.Type, string(op)+":") || task.MaxRetry == 0 || task.Timeout == 0 {
			t.Errorf("%s: %+v", op, task)
		}
		if _, known := Queues()[task.Queue]; !known {
			t.Errorf("%s goes to queue %q, which no worker serves", op, task.Queue)
		}
		var got Start
		if err := Decode(task.Payload, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Start{Version: 1, JobID: "abc", Generation: 3_000_000_007}, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := NewStart("tier", "abc", 1); err == nil {
		t.Error("an operation without a start task was accepted")
	}
}

func TestIDsNameTheTick(t *testing.T) {
	t.Parallel()
	scope := resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}
	at := time.UnixMilli(1_000)
	if got := NewLook(scope, "ebs", driver.Backup, at).ID; got != "look.111122223333.eu-west-1.ebs.backup.1000" {
		t.Error(got)
	}
	if got := NewSync(scope, "ebs", at).ID; got != "sync.111122223333.eu-west-1.ebs.1000" {
		t.Error(got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"not json":      `{`,
		"no version":    `{"job":"a"}`,
		"newer version": `{"v":2,"job":"a"}`,
		"unknown field": `{"v":1,"job":"a","command":"rm"}`,
		"too large":     `{"v":1,"job":"` + strings.Repeat("a", 5000) + `"}`,
	} {
		if err := Decode([]byte(payload), &Start{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"job":"abc","gen":1}`))
	f.Add([]byte(`{"v":1,"scope":{"account":"1"},"kind":"ebs"}`))
	f.Add([]byte(`{"v":1,"id":"x","round":-1}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var start Start
		var look Look
		var sync Sync
		var failed Failed
		var notify Notify
		for into, version := range map[any]*int{
			&start: &start.Version, &look: &look.Version, &sync: &sync.Version, &failed: &failed.Version, &notify: &notify.Version,
		} {
			if err := Decode(payload, into); err == nil && *version != Version {
				t.Errorf("%T of version %d was accepted", into, *version)
			}
		}
	})
}
