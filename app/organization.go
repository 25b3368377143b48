package app

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"holdfast/policy"
	"holdfast/policy/orgpolicy"
	"holdfast/resource"
)

// Limits of a directory with the policies of an organization. A policy has at most 10,000
// characters, units nest five deep.
// Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const (
	maxUnitDepth    = 5
	maxTargets      = 60_000
	maxOrgFileBytes = 4 << 20 // accounts.txt of a large unit; policies are checked further
)

// accountsFile lists accounts of a target that have no policies of their own.
const accountsFile = "accounts.txt"

// unitName is what a directory of a unit may be called: its name is part of the names of
// plans, and a dot stands between those of nested units.
var unitName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// ReadOrganization reads the backup policies of an organization from a directory laid out
// as the organization is: dir is the root, a directory named by twelve digits is an
// account, every other one a unit. Their .json files are the policies attached there, in
// the order of their names; accounts.txt lists accounts without policies of their own, one
// id a line. Everything that is wrong with the layout is in problems; the error is about
// what cannot be read.
func ReadOrganization(dir string) (root *orgpolicy.Target, problems []policy.Problem, err error) {
	r := treeReader{seen: map[string]string{}}
	root = &orgpolicy.Target{Name: orgpolicy.RootName}
	if err := r.directory(root, dir, nil); err != nil {
		return nil, nil, fmt.Errorf("organization policies: %w", err)
	}
	if len(r.problems) > 0 {
		return nil, r.problems, nil
	}
	return root, nil, nil
}

type treeReader struct {
	problems []policy.Problem
	seen     map[string]string // folded name of a target: where it was found
}

func (r *treeReader) problem(file string, line int, format string, args ...any) {
	r.problems = append(r.problems, policy.Problem{File: file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// directory reads what is attached to t and below it; units are those around it.
func (r *treeReader) directory(t *orgpolicy.Target, dir string, units []string) error {
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(dir, entry.Name())
		if strings.HasPrefix(name, ".") || filepath.Ext(name) == ".md" {
			continue
		}
		info, err := os.Stat(path) // what a link leads to
		if err != nil {
			return err
		}
		switch {
		case info.IsDir():
			err = r.below(t, path, name, units)
		case name == accountsFile || filepath.Ext(name) == ".json":
			err = r.file(t, path, info)
		default:
			r.problem(path, 0, "neither a policy (NAME.json), nor %s, nor a directory: rename or remove it", accountsFile)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// below reads the directory of a unit or an account.
func (r *treeReader) below(t *orgpolicy.Target, path, name string, units []string) error {
	child := &orgpolicy.Target{Name: name, Account: name}
	if !resource.ValidAccount(name) {
		units = append(slices.Clip(units), name)
		child = &orgpolicy.Target{Name: strings.Join(units, ".")}
	}
	switch {
	case t.Account != "":
		r.problem(path, 0, "a directory inside that of an account: nothing is below an account")
		return nil
	case child.Account == "" && !unitName.MatchString(name):
		r.problem(path, 0, "%q is neither an account (twelve digits) nor a name for a unit: use 1 to 64 letters, digits, dashes and underscores", name)
		return nil
	case child.Account == "" && strings.EqualFold(child.Name, orgpolicy.RootName):
		r.problem(path, 0, "%q is the name of the root, which is the directory around this one: rename the unit", name)
		return nil
	case len(units) > maxUnitDepth:
		r.problem(path, 0, "units nest %d deep: AWS Organizations has at most %d", len(units), maxUnitDepth)
		return nil
	}
	if !r.add(t, child, path, 0) {
		return nil
	}
	return r.directory(child, path, units)
}

// add puts child below t, unless its name was met before or there are too many.
func (r *treeReader) add(t, child *orgpolicy.Target, file string, line int) bool {
	folded := strings.ToLower(child.Name)
	if first, twice := r.seen[folded]; twice {
		r.problem(file, line, "%s is in %s already (case does not count): remove one", child.Name, first)
		return false
	}
	if len(r.seen) == maxTargets {
		r.problem(file, line, "more than %d units and accounts", maxTargets)
	}
	r.seen[folded] = file
	t.Below = append(t.Below, child)
	return len(r.seen) <= maxTargets
}

// file reads a policy or a list of accounts.
func (r *treeReader) file(t *orgpolicy.Target, path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() || info.Size() > maxOrgFileBytes {
		r.problem(path, 0, "not a file of at most %d bytes", maxOrgFileBytes)
		return nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // G304: the operator names the directory
	if err != nil {
		return err
	}
	if filepath.Base(path) != accountsFile {
		t.Files = append(t.Files, policy.File{Name: path, Data: data})
		return nil
	}
	if t.Account != "" {
		r.problem(path, 0, "a list of accounts inside an account: nothing is below an account")
		return nil
	}
	r.accounts(t, path, string(data))
	return nil
}

// accounts reads a list of accounts: an id a line, with # before what is for people.
func (r *treeReader) accounts(t *orgpolicy.Target, path, text string) {
	number := 0
	for line := range strings.Lines(text) {
		number++
		id, _, _ := strings.Cut(line, "#")
		switch id = strings.TrimSpace(id); {
		case id == "":
		case !resource.ValidAccount(id):
			r.problem(path, number, "%q is not an account id: write twelve digits", id)
		case !r.add(t, &orgpolicy.Target{Name: id, Account: id}, path, number):
		}
	}
}
