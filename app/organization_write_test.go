package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"holdfast/policy"
	"holdfast/policy/orgpolicy"
)

// names returns the tree with bare names of units and files, in the order of the names.
func names(t *orgpolicy.Target) *orgpolicy.Target {
	named := &orgpolicy.Target{Name: filepath.Ext("." + t.Name)[1:], Account: t.Account}
	for _, f := range t.Files {
		named.Files = append(named.Files, policy.File{Name: filepath.Base(f.Name), Data: f.Data})
	}
	for _, child := range t.Below {
		named.Below = append(named.Below, names(child))
	}
	slices.SortFunc(named.Below, func(a, b *orgpolicy.Target) int { return strings.Compare(a.Name, b.Name) })
	return named
}

func TestAnOrganizationIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	file := func(name string) policy.File { return policy.File{Name: name, Data: []byte(`{"plans":{}}`)} }
	root := &orgpolicy.Target{Name: orgpolicy.RootName, Files: []policy.File{file("p-2"), file("p-1")}, Below: []*orgpolicy.Target{
		{Name: "ou-1", Files: []policy.File{file("p-3")}, Below: []*orgpolicy.Target{
			{Name: "111122223333", Account: "111122223333", Files: []policy.File{file("p-1")}},
			{Name: "ou-2"},
			{Name: "444455556666", Account: "444455556666"},
		}},
		{Name: "777788889999", Account: "777788889999"},
	}}
	dir := filepath.Join(t.TempDir(), "organization")
	if err := WriteOrganization(dir, root); err != nil {
		t.Fatal(err)
	}
	got, problems, err := ReadOrganization(dir)
	if err != nil || len(problems) > 0 {
		t.Fatalf("read again: %v, %v", problems, err)
	}
	for i, name := range []string{"01-p-2.json", "02-p-1.json"} {
		root.Files[i].Name = name
	}
	unit := root.Below[0]
	unit.Files[0].Name, unit.Below[0].Files[0].Name = "01-p-3.json", "01-p-1.json"
	if diff := cmp.Diff(names(root), names(got)); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if err := WriteOrganization(dir, root); !errors.Is(err, ErrExists) {
		t.Errorf("into a directory that is there: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(left) != 1 {
		t.Errorf("%v is left beside it, %v", left, err)
	}
}
