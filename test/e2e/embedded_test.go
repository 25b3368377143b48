package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/internal/fleet"
	"holdfast/internal/localserver"
	"holdfast/internal/testkit"
	"holdfast/sim"
)

// embedded is one `holdfast up`: a SQLite file and a Redis inside the process, which is
// gone with it.
type embedded struct {
	dir, config, log string
	process          *localserver.Process
}

// writeEmbedded writes what `up` reads, with lines added to the configuration.
func writeEmbedded(t *testing.T, policy string, lines ...string) *embedded {
	t.Helper()
	dir := t.TempDir()
	e := &embedded{dir: dir, config: filepath.Join(dir, "holdfast.yaml"), log: filepath.Join(dir, "up.log")}
	lines = append([]string{
		"installation: embedded", "policies: [policy.yaml]", "web: {listen: '127.0.0.1:0'}",
		fmt.Sprintf("catalog: {dsn: %q}", e.dsn()),
	}, lines...)
	for name, text := range map[string]string{e.config: strings.Join(lines, "\n") + "\n", filepath.Join(dir, "policy.yaml"): policy} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func (e *embedded) dsn() string { return "sqlite:" + filepath.Join(e.dir, "holdfast.db") }

// start starts `up` and waits until it says that it runs.
func (e *embedded) start(t *testing.T) {
	t.Helper()
	began := logLines(e.log, `"running"`)
	process, err := localserver.StartProcess(localserver.Spec{
		Path: binary, Args: []string{"up", "--config", e.config}, Log: e.log,
		Ready: func() error {
			if logLines(e.log, `"running"`) > began {
				return nil
			}
			return fmt.Errorf("it has not said that it runs")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e.process = process
}

// logLines counts text in a file; one that is not there has none.
func logLines(file, text string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	return strings.Count(string(data), text)
}

// TestOneProcessKilledGoesOn kills `holdfast up` with -9 again and again in the middle of
// its work. With nothing but its SQLite file it must go on, lose nothing and make nothing
// twice.
func TestOneProcessKilledGoesOn(t *testing.T) {
	testkit.Integration(t)
	t.Parallel()
	company := serveCompany(t, 60)
	policy, at := fleet.Fill(firesSoon(company.Policy), system.Now())
	e := writeEmbedded(t, policy,
		"aws:", "  simulator_url: "+company.url, "  call_timeout: 5s",
		"  regions: ["+strings.Join(company.Regions(), ", ")+"]",
		"  accounts: {ids: ['"+strings.Join(company.Accounts(), "', '")+"']}",
		"limits: {account: 5}", "scheduler: {lease_ttl: 3s, look_interval: 2s}",
	)
	e.start(t)
	t.Cleanup(func() { e.process.Stop(syscall.SIGTERM) })
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of up:\n%s", localserver.Tail(e.log))
		}
	})
	store := openCatalog(t, e.dsn())
	sleep(t, at.Sub(system.Now()))
	random := rand.New(rand.NewPCG(3, 4))
	inWork := 0
	for range 8 {
		sleep(t, time.Duration(500+random.IntN(5500))*time.Millisecond)
		if ended, total := counts(t, store); total > ended {
			inWork++
		}
		e.process.Kill()
		e.start(t)
	}
	if inWork < 4 {
		t.Errorf("only %d of 8 kills hit while there was work", inWork)
	}
	awaitFires(t, store)
	awaitEnd(t, store, 2*patience)
	showSlowest(t, store)
	judge(t, store, company.Company)
	for _, account := range company.Accounts() {
		if most := company.MaxInProgress(sim.Gauge{Account: account}); most > 5 {
			t.Errorf("account %s had %d operations in progress at once, cap 5", account, most)
		}
	}
}
