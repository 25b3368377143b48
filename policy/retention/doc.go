// Package retention decides which recovery points of a rule are kept and which may go,
// by age, by count and by grandfather-father-son, with the reason for each. It is pure:
// points and the time come in, decisions go out; nothing is deleted here.
package retention
