package localserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// importTimeout bounds Python's import of boto3 on a busy machine.
const importTimeout = 60 * time.Second

// Python returns an interpreter that has boto3, AWS's own client for Python. It comes with
// moto, so moto_server's own interpreter is tried first, then the one beside it (in pyenv's
// shims it is a shell script), then the one in PATH.
func Python() (string, error) {
	moto, err := motoProgram()
	if err != nil {
		return "", err
	}
	for _, name := range []string{interpreterOf(moto), filepath.Join(filepath.Dir(moto), "python3"), "python3"} {
		path, lookErr := exec.LookPath(name)
		if lookErr == nil {
			lookErr = importsBoto3(path)
		}
		if lookErr == nil {
			return path, nil
		}
		err = lookErr
	}
	return "", fmt.Errorf("no python3 has boto3, which comes with moto: install it with `make deps`: %w", err)
}

// interpreterOf returns the Python named in the first line of a script; empty when it
// names another program or none.
func interpreterOf(script string) string {
	file, err := os.Open(script)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	line, err := bufio.NewReader(file).ReadString('\n')
	path, found := strings.CutPrefix(strings.TrimSpace(line), "#!")
	if err != nil || !found || !strings.HasPrefix(filepath.Base(path), "python") {
		return ""
	}
	return path
}

func importsBoto3(python string) error {
	ctx, cancel := context.WithTimeout(context.Background(), importTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "-c", "import boto3").CombinedOutput()
	if err != nil {
		return errors.Join(err, errors.New(string(out)))
	}
	return nil
}
