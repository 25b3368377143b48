package config

import (
	"fmt"
	"slices"
	"strings"
)

// readEnviron stores the values of environment variables in the fields the table is
// bound to. A variable that is set but empty counts as not set, as in the AWS SDKs:
// compose files pass variables through that way.
func readEnviron(environ []string, table []key, origins map[string]origin) (problems []Problem, warnings []Problem) {
	set := map[string]string{}
	for _, entry := range environ {
		if name, text, ok := strings.Cut(entry, "="); ok && text != "" {
			set[name] = text
		}
	}
	var ours []string
	for _, k := range table {
		ours = append(ours, k.env())
		name := k.env()
		if set[name] == "" && k.alsoEnv != "" {
			name = k.alsoEnv
		}
		if set[name] != "" {
			origins[k.path] = origin{env: name}
			if list, ok := k.value.(recordList); ok {
				problems = append(problems, readRecords(k, list, name, set[name], origins)...)
				continue
			}
			problems = append(problems, readVariable(k, name, set[name])...)
		}
	}
	for name := range set {
		if !strings.HasPrefix(name, envPrefix) || name == EnvFile || slices.Contains(ours, name) {
			continue
		}
		problem, typo := unknownVariable(name, ours)
		if typo {
			problems = append(problems, problem)
		} else {
			warnings = append(warnings, problem)
		}
	}
	slices.SortFunc(warnings, func(a, b Problem) int { return strings.Compare(a.Env, b.Env) })
	return problems, warnings
}

// readVariable stores the text of a variable, split the way the key's shape asks for.
func readVariable(k key, name, text string) (problems []Problem) {
	var items []item
	switch k.value.shape() {
	case scalarShape:
		items = []item{{text: text}}
	case listShape, mapShape:
		for word := range strings.SplitSeq(text, ",") {
			it := item{text: strings.TrimSpace(word)}
			if k.value.shape() == mapShape {
				it.key, it.text, _ = strings.Cut(it.text, "=")
			}
			items = append(items, it)
		}
	}
	if len(items) > maxItems {
		return []Problem{{Env: name, Path: k.path, Message: fmt.Sprintf("has more than %d entries", maxItems)}}
	}
	for _, f := range k.value.set(items) {
		problems = append(problems, Problem{Env: name, Path: itemPath(k, f.index, items[f.index]), Message: f.message})
	}
	return problems
}

// unknownVariable tells a typing mistake, which is refused, from a name somebody else
// made: Kubernetes puts HOLDFAST_PORT and the like into every pod next to a service
// called holdfast, and refusing those would keep the process from starting.
func unknownVariable(name string, ours []string) (p Problem, typo bool) {
	best, bestDistance := "", 0
	for _, candidate := range ours {
		if d := distance(name, candidate); best == "" || d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	const typos = 2
	if bestDistance <= typos {
		return Problem{Env: name, Message: fmt.Sprintf("unknown variable: did you mean %s?", best)}, true
	}
	return Problem{Env: name, Message: "unknown variable: ignored"}, false
}
