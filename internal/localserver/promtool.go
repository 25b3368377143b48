package localserver

import (
	"context"
	"fmt"
	"os/exec"
)

// Promtool runs Prometheus' tool for rules in dir and returns what it prints; the error
// has it too. The program is in PATH or where scripts/deps.sh puts it.
func Promtool(ctx context.Context, dir string, args ...string) (string, error) {
	path, err := findProgram("promtool", home(".cache", "holdfast", "bin", "promtool"))
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, path, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("promtool %v: %w: %s", args, err, out)
	}
	return string(out), nil
}
