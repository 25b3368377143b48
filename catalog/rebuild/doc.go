// Package rebuild fills an empty catalog with the recovery points AWS has, from their marks
// alone, and compares a catalog with what AWS has. What a mark does not say is worked out
// where it can be: the chain of a copy from its id, which is derived from its parent's; the
// vault and the counts from the policies in force; the settings of the source from the
// inventory. What cannot be worked out is reported, and errs on the side of keeping.
package rebuild
