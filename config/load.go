package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Default returns a configuration in which every key has its default.
func Default() *Config {
	c := &Config{origins: map[string]origin{}}
	for _, k := range keys(c) {
		if k.def == "" {
			continue
		}
		if problems := readVariable(k, k.env(), k.def); len(problems) > 0 {
			panic(fmt.Sprintf("config: default of %s: %v", k.path, problems))
		}
	}
	return c
}

// Load reads the file at path (none when path is empty) and the variables in environ,
// each NAME=VALUE as os.Environ gives them, over the defaults. Everything that is wrong
// with them is in one *Error.
func Load(path string, environ []string) (*Config, error) {
	c := Default()
	var problems []Problem
	if path != "" {
		c.file = path
		data, err := readFile(path)
		if err != nil {
			return nil, &Error{Problems: []Problem{{File: path, Message: err.Error()}}}
		}
		problems = readDocument(path, data, keys(c), c.origins)
	}
	wrong, warnings := readEnviron(environ, keys(c), c.origins)
	problems = append(problems, wrong...)
	c.Warnings = warnings
	if err := asError(append(problems, c.inconsistencies(problems)...)); err != nil {
		return nil, err
	}
	return c, nil
}

// readFile reads at most a little more than maxFileBytes, so that a device or a wrong
// path cannot fill the memory.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // G304: the operator names the file
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("no such file: create it (docs/examples/holdfast.yaml has every key) or give another path with --config")
	case err != nil:
		return nil, fmt.Errorf("cannot be opened: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	return data, nil
}

// Set overrides one key with text written as an environment variable would be; from is
// what `config print` shows as its origin, for example "flag --listen". The caller runs
// Validate afterwards.
func (c *Config) Set(path, text, from string) error {
	for _, k := range keys(c) {
		if k.path != path {
			continue
		}
		problems := readText(k, text, c.origins)
		for i := range problems {
			problems[i].Message = from + ": " + problems[i].Message
		}
		c.origins[path] = origin{label: from}
		return asError(problems)
	}
	return &Error{Problems: []Problem{{Path: path, Message: from + ": unknown key"}}}
}

// readText reads text written as an environment variable would be.
func readText(k key, text string, origins map[string]origin) []Problem {
	if list, ok := k.value.(recordList); ok {
		return readRecords(k, list, "", text, origins)
	}
	return readVariable(k, "", text)
}

// Validate checks that the keys agree with each other and that the required ones are
// set. Load has done so; it is for a Config changed afterwards.
func (c *Config) Validate() error { return asError(c.inconsistencies(nil)) }

// maxPolicyFiles bounds how many files the patterns may match.
const maxPolicyFiles = 1000

// PolicyFiles returns the files the patterns of `policies` match now, each once, pattern
// by pattern and sorted within one. A pattern that matches nothing is a problem: a
// renamed directory must not silently end all backups.
func (c *Config) PolicyFiles() ([]string, error) {
	var files []string
	var problems []Problem
	seen := map[string]bool{}
	for i, pattern := range c.Policies {
		at := func(message string) Problem {
			return c.origins["policies"].problem(fmt.Sprintf("policies[%d]", i), message)
		}
		matches, err := filepath.Glob(c.Path(pattern))
		switch {
		case err != nil:
			problems = append(problems, at(fmt.Sprintf("%q is not a file pattern", pattern)))
		case len(matches) == 0:
			problems = append(problems, at(fmt.Sprintf("no file matches %s: correct the pattern or remove it", c.Path(pattern))))
		}
		for _, file := range matches {
			if !seen[file] {
				seen[file] = true
				files = append(files, file)
			}
		}
	}
	if len(files) > maxPolicyFiles {
		problems = append(problems, c.origins["policies"].problem("policies", fmt.Sprintf("%d files match: at most %d are read", len(files), maxPolicyFiles)))
	}
	if err := asError(problems); err != nil {
		return nil, err
	}
	return files, nil
}

// OrganizationDir returns the directory of organization_policies, "" when there is none.
func (c *Config) OrganizationDir() string {
	if c.OrganizationPolicies == "" {
		return ""
	}
	return c.Path(c.OrganizationPolicies)
}

// Path returns name as seen from the directory of the configuration file; absolute names
// and configurations without a file leave it as it is.
func (c *Config) Path(name string) string {
	if filepath.IsAbs(name) || c.file == "" {
		return name
	}
	return filepath.Join(filepath.Dir(c.file), name)
}
