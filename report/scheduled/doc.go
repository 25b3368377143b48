// Package scheduled writes reports by themselves: for each fire of a schedule one file, in
// a directory or in S3.
//
// The name of a file is that of its fire and nothing that is there is overwritten, so that
// a second scheduler, or one that was killed and begins again, changes nothing. Of fires
// that were missed the newest is caught up. A place that refuses or does not answer is
// tried again with growing pauses until the next fire, and is a risk meanwhile, which
// metrics show and notifications tell of.
package scheduled
