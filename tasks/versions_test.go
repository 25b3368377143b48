package tasks

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"holdfast/driver"
	"holdfast/resource"
)

// payloads are what each kind of task holds: how it is read, what it says, and what a
// builder of today writes for the same.
func payloads(t *testing.T) map[string]struct {
	into  any
	want  any
	wrote Envelope
} {
	t.Helper()
	const job = "mzxw6ytboi3dsojrgiytgmjsgq"
	scope := resource.Scope{Partition: "aws", Account: "111122223333", Region: "eu-west-1"}
	start, err := NewStart(driver.Backup, job, 3_000_000_007)
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(0)
	return map[string]struct {
		into  any
		want  any
		wrote Envelope
	}{
		"start":  {&Start{}, &Start{Version: 1, JobID: job, Generation: 3_000_000_007}, start},
		"look":   {&Look{}, &Look{Version: 1, Scope: scope, Kind: resource.EBS, Operation: driver.Backup}, NewLook(scope, resource.EBS, driver.Backup, at)},
		"sync":   {&Sync{}, &Sync{Version: 1, Scope: scope, Kind: resource.RDS}, NewSync(scope, resource.RDS, at)},
		"failed": {&Failed{}, &Failed{Version: 1, JobID: job}, NewFailed(job)},
		"notify": {&Notify{}, &Notify{Version: 1, ID: "mzxw6ytboi", Round: 2}, NewNotify("mzxw6ytboi", 2)},
	}
}

// Payloads that earlier builds left in the queue are kept in testdata/payloads,
// TASK.VERSION.json, written once. This build reads all of them, writes the newest, and
// refuses the one after that.
func TestPayloadsOfEveryVersionAreRead(t *testing.T) {
	t.Parallel()
	for name, p := range payloads(t) {
		for version := 1; version <= Version; version++ {
			kept, err := os.ReadFile(fmt.Sprintf("testdata/payloads/%s.%d.json", name, version))
			if err != nil {
				t.Fatal(err)
			}
			if err := Decode(kept, p.into); err != nil {
				t.Errorf("%s of version %d: %v", name, version, err)
			}
			if diff := cmp.Diff(p.want, p.into); diff != "" {
				t.Errorf("%s of version %d (-want +got):\n%s", name, version, diff)
			}
			if version == Version && string(bytes.TrimSpace(kept)) != string(p.wrote.Payload) {
				t.Errorf("%s: this build writes %s and not %s: raise Version, keep the old file and add a new one", name, p.wrote.Payload, kept)
			}
		}
		newer := strings.Replace(string(p.wrote.Payload), fmt.Sprintf(`"v":%d`, Version), fmt.Sprintf(`"v":%d`, Version+1), 1)
		if err := Decode([]byte(newer), p.into); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "update the worker") {
			t.Errorf("%s of a newer version: %v", name, err)
		}
	}
}
