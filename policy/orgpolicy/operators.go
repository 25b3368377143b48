package orgpolicy

import "strings"

// operator is one of the three that set values.
type operator string

// The operators, and the key that says which of them lower levels may use.
const (
	opAssign operator = "@@assign"
	opAppend operator = "@@append"
	opRemove operator = "@@remove"

	operatorMark = "@@"
	controlKey   = "@@operators_allowed_for_child_policies"
	allowAll     = "@@all"
	allowNone    = "@@none"
)

// operators is the set of operators lower levels may use.
type operators uint8

const (
	mayAssign operators = 1 << iota
	mayAppend
	mayRemove
	mayAll = mayAssign | mayAppend | mayRemove
)

var operatorBits = map[operator]operators{opAssign: mayAssign, opAppend: mayAppend, opRemove: mayRemove}

func (o operators) allow(op operator) bool { return o&operatorBits[op] != 0 }

// String writes the set as a policy does.
func (o operators) String() string {
	switch o {
	case mayAll:
		return allowAll
	case 0:
		return allowNone
	}
	var names []string
	for _, op := range []operator{opAssign, opAppend, opRemove} {
		if o.allow(op) {
			names = append(names, string(op))
		}
	}
	return strings.Join(names, ", ")
}
