package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"holdfast/policy/orgpolicy"
)

// ErrExists is the error of WriteOrganization for a directory that is there already.
var ErrExists = errors.New("the directory exists already: name a new one, or remove it first")

// WriteOrganization writes an organization into dir, laid out as ReadOrganization reads it.
// Files get a number in front that keeps the order of attachment. The directory must not
// exist; it appears whole or not at all.
func WriteOrganization(dir string, root *orgpolicy.Target) error {
	dir = filepath.Clean(dir)
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s: %w", dir, ErrExists)
	}
	half, err := os.MkdirTemp(filepath.Dir(dir), ".organization-*")
	if err != nil {
		return fmt.Errorf("write organization policies: %w", err)
	}
	err = writeTarget(half, root)
	if err == nil {
		err = os.Chmod(half, dirMode)
	}
	if err == nil {
		err = os.Rename(half, dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write organization policies: %w", err), os.RemoveAll(half))
	}
	return nil
}

// The policies are no secrets: whoever runs a scheduler may read them.
const (
	dirMode  = 0o755
	fileMode = 0o644
)

// writeTarget writes what is attached to t, and what is below it, into dir.
func writeTarget(dir string, t *orgpolicy.Target) error {
	for i, f := range t.Files {
		name := fmt.Sprintf("%02d-%s.json", i+1, f.Name)
		if err := os.WriteFile(filepath.Join(dir, name), f.Data, fileMode); err != nil {
			return err
		}
	}
	var plain strings.Builder // accounts without policies of their own
	for _, child := range t.Below {
		if child.Account != "" && len(child.Files) == 0 {
			plain.WriteString(child.Account + "\n")
			continue
		}
		below := filepath.Join(dir, child.Name)
		if err := os.Mkdir(below, dirMode); err != nil {
			return err
		}
		if err := writeTarget(below, child); err != nil {
			return err
		}
	}
	if plain.Len() == 0 {
		return nil
	}
	return os.WriteFile(filepath.Join(dir, accountsFile), []byte(plain.String()), fileMode)
}
