// Package awserr turns errors of the AWS SDK into failures of one class. It holds the
// codes that mean the same everywhere; a kind adds the rows of its own service, which
// win over the shared ones.
package awserr
