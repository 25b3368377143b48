package localserver

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Moto is a running moto_server, an AWS emulator that has its own idea of AWS and is
// therefore an independent check of ours.
type Moto struct {
	URL string // endpoint for every AWS service
	Log string // file with the server's output

	proc *Process
}

// StartMoto starts a moto_server with no resources in it. The program is $HOLDFAST_MOTO,
// or else is looked for where scripts/deps.sh puts it, in PATH and in pyenv's shims.
func StartMoto(dir string) (*Moto, error) {
	path, err := motoProgram()
	if err != nil {
		return nil, err
	}
	m := &Moto{Log: filepath.Join(dir, "moto.log")}
	err = onFreePort(func(port int) error {
		m.URL = "http://" + address(port)
		m.proc, err = StartProcess(Spec{
			Path: path, Args: []string{"-H", "127.0.0.1", "-p", strconv.Itoa(port)}, Log: m.Log,
			// Without this moto holds a thousand AMIs, and their snapshots, nobody made.
			Env:   []string{"MOTO_EC2_LOAD_DEFAULT_AMIS=false"},
			Ready: func() error { return request(http.MethodGet, m.URL+"/moto-api/") },
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("moto: %w", err)
	}
	return m, nil
}

// Kill ends the server; everything in it is lost.
func (m *Moto) Kill() { m.proc.Kill() }

// Reset removes every resource of every account.
func (m *Moto) Reset() error { return request(http.MethodPost, m.URL+"/moto-api/reset") }

func motoProgram() (string, error) {
	if path := os.Getenv("HOLDFAST_MOTO"); path != "" {
		return path, nil
	}
	// deps.sh makes this one only where a moto_server in PATH does not run (a shim of a
	// Python without moto), so it comes first.
	if path, err := exec.LookPath(home(".cache", "holdfast", "moto", "bin", "moto_server")); err == nil {
		return path, nil
	}
	return findProgram("moto_server", home(".pyenv", "shims", "moto_server"))
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
