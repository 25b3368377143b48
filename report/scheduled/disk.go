package scheduled

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"holdfast/failure"
)

// Disk is a directory; it is made when it is not there.
type Disk struct{ Dir string }

var _ Place = Disk{}

// Put implements Place. A disk that hangs, as one over a network can, does not hold up the
// caller beyond its time.
func (d Disk) Put(ctx context.Context, name string, data []byte, _ string) (string, error) {
	path := filepath.Join(d.Dir, name)
	done := make(chan error, 1)
	go func() { done <- writeNew(d.Dir, path, data) }()
	select {
	case err := <-done:
		return path, err
	case <-ctx.Done():
		return "", failure.Errorf(failure.Transient, "write %s: the disk does not answer: %w", path, ctx.Err())
	}
}

// writeNew writes a file under a name of its own and then gives it path, unless there is
// one of that name already.
func writeNew(dir, path string, data []byte) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the directory of reports: %w", err)
	}
	f, err := os.CreateTemp(dir, ".report-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	for _, step := range []func() error{func() error { return f.Chmod(0o644) }, f.Sync, f.Close} {
		err = errors.Join(err, step())
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
