// Package trial reads what policies are tried on before they run: a rule with the
// recovery points it is to be judged by, a selection with the resources it is to choose
// from. It is pure: documents come in as bytes.
package trial
