package localserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/internal/localserver"
	"holdfast/internal/testkit"
)

func TestPythonHasBoto3(t *testing.T) {
	t.Parallel()
	testkit.Integration(t)
	python, err := localserver.Python()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, "-c", "import boto3; boto3.session.Session()").CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", python, err, out)
	}
}

// Not parallel: these change the environment.
func TestPythonOfMoto(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	with, without := write("python-with", "#!/bin/sh\n"), write("python-without", "#!/bin/sh\necho no boto3\nexit 1\n")
	moto := filepath.Join(dir, "moto_server")
	t.Setenv("PATH", dir)
	t.Setenv("HOLDFAST_MOTO", moto)
	write("moto_server", "#!"+with+"\n")
	if got, err := localserver.Python(); got != with || err != nil {
		t.Errorf("Python() = %q, %v, want moto's own %q", got, err, with)
	}
	write("moto_server", "#!"+without+"\n")
	if got, err := localserver.Python(); err == nil || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("Python() = %q, %v, want an error that names make deps", got, err)
	}
	beside := write("python3", "#!/bin/sh\n")
	if got, err := localserver.Python(); got != beside || err != nil {
		t.Errorf("Python() = %q, %v, want the one beside moto_server", got, err)
	}
}
