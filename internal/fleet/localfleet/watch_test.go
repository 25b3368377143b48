package main

import (
	"strings"
	"testing"

	"holdfast/catalog"
	"holdfast/driver"
)

func counted(backups, copies map[catalog.State]int) map[driver.Operation]map[catalog.State]int {
	return map[driver.Operation]map[catalog.State]int{driver.Backup: backups, driver.Copy: copies}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	done := map[catalog.State]int{catalog.Completed: 3}
	for name, tc := range map[string]struct {
		status status
		line   string
		over   bool
		wrong  string // in the verdict; empty when all is well
	}{
		"nothing yet":       {status{}, "no jobs yet: waiting for the policy to fire", false, ""},
		"fired for nothing": {status{rules: 2}, "no jobs yet: waiting for the policy to fire", false, ""},
		"one rule to come":  {status{rules: 1, jobs: counted(done, nil)}, "backup: COMPLETED 3", false, ""},
		"running": {
			status{rules: 2, jobs: counted(map[catalog.State]int{catalog.Created: 1, catalog.Running: 2}, done)},
			"backup: CREATED 1, RUNNING 2; copy: COMPLETED 3", false, "not every job completed",
		},
		"done": {status{rules: 2, jobs: counted(done, done)}, "backup: COMPLETED 3; copy: COMPLETED 3", true, ""},
		"failed": {
			status{rules: 2, jobs: counted(done, map[catalog.State]int{catalog.Failed: 1})},
			"backup: COMPLETED 3; copy: FAILED 1", true, "not every job completed",
		},
		"a process died": {
			status{rules: 2, jobs: counted(done, nil), ended: []string{"worker-2"}},
			"backup: COMPLETED 3; ENDED: worker-2", true, "worker-2",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tc.status.String(); got != tc.line {
				t.Errorf("line %q, want %q", got, tc.line)
			}
			if got := tc.status.over(); got != tc.over {
				t.Errorf("over is %v, want %v", got, tc.over)
			}
			err := tc.status.verdict()
			if (err == nil) != (tc.wrong == "") || err != nil && !strings.Contains(err.Error(), tc.wrong) {
				t.Errorf("verdict %v, want %q", err, tc.wrong)
			}
		})
	}
}
