package testkit

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// MotoServer is a running moto_server, an AWS emulator that has its own idea of AWS and is
// therefore an independent check of ours.
type MotoServer struct {
	URL string // endpoint for every AWS service

	tb testing.TB
}

// Moto starts a moto_server with no resources in it and stops it at the end of the test.
// The program is $HOLDFAST_MOTO, or else is looked for where scripts/deps.sh puts it, in
// PATH and in pyenv's shims.
func Moto(tb testing.TB) *MotoServer {
	tb.Helper()
	Integration(tb)
	path := motoProgram(tb)
	log := filepath.Join(tb.TempDir(), "moto.log")
	printLogOnFailure(tb, "moto_server", log)
	var err error
	for range startAttempts {
		port := FreePort(tb)
		m := &MotoServer{URL: "http://" + address(port), tb: tb}
		var proc *process
		proc, err = start(spec{
			path: path, args: []string{"-H", "127.0.0.1", "-p", strconv.Itoa(port)}, log: log,
			// Without this moto holds a thousand AMIs, and their snapshots, nobody made.
			env:   []string{"MOTO_EC2_LOAD_DEFAULT_AMIS=false"},
			ready: func() error { return request(http.MethodGet, m.URL+"/moto-api/") },
		})
		if err == nil {
			tb.Cleanup(proc.kill)
			return m
		}
	}
	tb.Fatalf("moto: %v", err)
	return nil
}

func motoProgram(tb testing.TB) string {
	tb.Helper()
	if path := os.Getenv("HOLDFAST_MOTO"); path != "" {
		return path
	}
	// deps.sh makes this one only where a moto_server in PATH does not run (a shim of a
	// Python without moto), so it comes first.
	if path, err := exec.LookPath(home(".cache", "holdfast", "moto", "bin", "moto_server")); err == nil {
		return path
	}
	return program(tb, "moto_server", home(".pyenv", "shims", "moto_server"))
}

// Reset removes every resource of every account.
func (m *MotoServer) Reset() {
	m.tb.Helper()
	if err := request(http.MethodPost, m.URL+"/moto-api/reset"); err != nil {
		m.tb.Fatalf("reset moto: %v", err)
	}
}

// request makes one HTTP request over a connection of its own, so that no idle connection
// is left behind, and returns an error unless the answer is 200.
func request(method, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, url, resp.Status)
	}
	return nil
}
