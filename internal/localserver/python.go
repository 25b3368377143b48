package localserver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// importTimeout bounds Python's import of boto3 on a busy machine.
const importTimeout = 60 * time.Second

// Python returns an interpreter that has boto3, AWS's own client for Python. It comes with
// moto, so the interpreter beside moto_server is tried first, then the one in PATH.
func Python() (string, error) {
	moto, err := motoProgram()
	if err != nil {
		return "", err
	}
	for _, name := range []string{filepath.Join(filepath.Dir(moto), "python3"), "python3"} {
		var path string
		if path, err = exec.LookPath(name); err != nil {
			continue
		}
		if err = importsBoto3(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no python3 has boto3, which comes with moto: install it with `make deps`: %w", err)
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
