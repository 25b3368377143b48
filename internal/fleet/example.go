package fleet

import (
	"context"
	_ "embed" // the boto3 script
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"holdfast/internal/localserver"
)

// ExamplePolicy fits the resources that Examples makes, and two regions. What carries the
// tag backup=daily is backed up at Soon, in every region; what lies in the first and can
// be copied natively is copied to the second.
func ExamplePolicy(regions []string) string {
	return strings.NewReplacer("{home}", regions[0], "{away}", regions[1]).Replace(examplePolicy)
}

//go:embed example.yaml
var examplePolicy string

// boto3 is a program that shares no code with us: it makes the examples and looks at what
// became of them.
//
//go:embed example.py
var boto3 []byte

// scriptTimeout bounds one run of the script, most of which is Python's start.
const scriptTimeout = 2 * time.Minute

// Object is something on AWS as boto3 sees it.
type Object struct {
	// What is volume, snapshot, instance, instance-snapshot, table or table-backup.
	What    string `json:"what"`
	Account string `json:"account"`
	Region  string `json:"region"`
	ID      string `json:"id"` // as boto3 calls it; the name of tables and their backups
	ARN     string `json:"arn"`
	// Source is the ID of what a snapshot or backup was taken of.
	Source string `json:"source"`
	// Size is in GiB, or the number of items of a table.
	Size int               `json:"size"`
	Tags map[string]string `json:"tags"`
}

// See returns everything boto3 sees in the accounts and regions of the fleet's moto,
// except the snapshots AWS takes by itself.
func (f *Fleet) See(ctx context.Context) ([]Object, error) {
	out, err := f.script(ctx, "see")
	if err != nil {
		return nil, err
	}
	var objects []Object
	if err := json.Unmarshal(out, &objects); err != nil {
		return nil, fmt.Errorf("read what boto3 sees: %w", err)
	}
	return objects, nil
}

// createExamples makes, in every account and region, resources of every kind: some that
// ask for a backup and some that do not.
func (f *Fleet) createExamples(ctx context.Context) error {
	if !f.opts.Examples {
		return nil
	}
	_, err := f.script(ctx, "create")
	return err
}

func (f *Fleet) scriptFile() string { return filepath.Join(f.opts.Dir, "example.py") }

// script runs one action of the boto3 program and returns what it prints.
func (f *Fleet) script(ctx context.Context, action string) ([]byte, error) {
	if f.Moto == nil {
		return nil, errors.New("boto3 has nothing to talk to: AWS is simulated")
	}
	python, err := localserver.Python()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, scriptTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, f.scriptFile(), action, f.Moto.URL,
		strings.Join(f.opts.Accounts, ","), strings.Join(f.opts.Regions, ","))
	cmd.Env = append(cmd.Environ(), f.Env()...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("boto3 %s: %w\n%s", action, err, exit.Stderr)
	}
	if err != nil {
		return nil, fmt.Errorf("boto3 %s: %w", action, err)
	}
	return out, nil
}
