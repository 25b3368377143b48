package config

import (
	"fmt"
	"slices"
	"strings"
)

// suggest returns the end of a message about an unknown key: the key that was probably
// meant, or the keys there are.
func suggest(section, name string, known map[string]key, sections map[string]bool) string {
	var here, all []string
	for path := range known {
		all = append(all, path)
	}
	for path := range sections {
		all = append(all, path)
	}
	slices.Sort(all)
	for _, path := range all {
		rest, inside := strings.CutPrefix(path, section+".")
		if section == "" {
			rest, inside = path, true
		}
		if inside && !strings.Contains(rest, ".") {
			here = append(here, rest)
		}
	}
	if best, ok := nearest(name, here); ok {
		return fmt.Sprintf(": did you mean %s?", join(section, best))
	}
	for _, path := range all {
		if path == name || strings.HasSuffix(path, "."+name) {
			return fmt.Sprintf(": did you mean %s, written as nested keys?", path)
		}
	}
	return ": use " + strings.Join(here, ", ")
}

// nearest returns the candidate that is at most a third of name's letters (and at least
// two typing mistakes) away from name, the nearest first.
func nearest(name string, candidates []string) (best string, ok bool) {
	const longestWord = 64 // a longer word is no typing mistake, and the table is quadratic
	if len(name) > longestWord {
		return "", false
	}
	limit := max(2, len(name)/3)
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(name), candidate); d <= limit && d < len(candidate) {
			best, ok, limit = candidate, true, d-1
		}
	}
	for _, candidate := range candidates {
		if !ok && len(candidate) > 2 && strings.HasPrefix(name, candidate) && !strings.Contains(name, ".") {
			return candidate, true // logging for log
		}
	}
	return best, ok
}

// distance is the Levenshtein distance of a and b, in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next := min(row[j+1]+1, row[j]+1, diagonal+cost)
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
