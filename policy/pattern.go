package policy

import "strings"

// pattern is a compiled wildcard pattern: * stands for zero or more characters of any
// kind, everything else for itself, from the first character to the last.
type pattern struct {
	text    string
	literal bool
	prefix  string
	middle  []string // pieces between stars, in order, none empty
	suffix  string
}

func compilePattern(text string) pattern {
	pieces := strings.Split(text, "*")
	if len(pieces) == 1 {
		return pattern{text: text, literal: true}
	}
	p := pattern{text: text, prefix: pieces[0], suffix: pieces[len(pieces)-1]}
	for _, piece := range pieces[1 : len(pieces)-1] {
		if piece != "" {
			p.middle = append(p.middle, piece)
		}
	}
	return p
}

// match takes the leftmost place for each piece, which finds a match whenever there is
// one because only stars stand between pieces. It does not allocate.
func (p *pattern) match(s string) bool {
	if p.literal {
		return s == p.text
	}
	if len(s) < len(p.prefix)+len(p.suffix) || !strings.HasPrefix(s, p.prefix) || !strings.HasSuffix(s, p.suffix) {
		return false
	}
	s = s[len(p.prefix) : len(s)-len(p.suffix)]
	for _, piece := range p.middle {
		at := strings.Index(s, piece)
		if at < 0 {
			return false
		}
		s = s[at+len(piece):]
	}
	return true
}

// overlap reports whether some ARN matches both an entry of a selection, whose stars cross
// every separator, and a kind's pattern, whose stars stay inside a field: ids hold no
// colon. It fills one row per character of entry: row[j] says whether entry so far and
// the first j of kind have a common match.
func overlap(entry, kind string) bool {
	row := make([]bool, len(kind)+1)
	for i := 0; i <= len(entry); i++ {
		diagonal := false // the row above, one to the left
		for j := 0; j <= len(kind); j++ {
			above := row[j]
			switch {
			case i == 0 && j == 0:
				row[j] = true
			case i > 0 && entry[i-1] == '*':
				row[j] = above || j > 0 && row[j-1]
			case j > 0 && kind[j-1] == '*':
				row[j] = row[j-1] || i > 0 && above && entry[i-1] != ':'
			case i > 0 && j > 0:
				row[j] = diagonal && entry[i-1] == kind[j-1]
			default:
				row[j] = false
			}
			diagonal = above
		}
	}
	return row[len(kind)]
}
