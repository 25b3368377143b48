// Package ec2 protects EC2 instances with images (AMIs) of all their EBS volumes.
//
// How AWS does it: CreateImage answers at once with a pending image and snapshots every
// EBS volume in the background. It takes no idempotency token, but a name that is unique
// in the account and region, so the mark goes into the name and, in the same call, on as
// tags. EC2 reads are eventually consistent: an empty Find may be wrong for a while.
// CopyImage and RunInstances take a token, so copies and restores may be repeated.
//
// Quirks worth knowing:
//   - CreateImage reboots the instance unless told not to; it is always told not to, so an
//     image is crash-consistent.
//   - The snapshots of an image do not carry the mark: they are parts of an artefact, not
//     artefacts, and the driver of volumes must not take them for its own. They carry
//     TagPartOf.
//   - To be copied by another account an image must be shared with it, and each of its
//     snapshots too. Images tell of no keys; their snapshots do.
//   - Instance-store volumes are in no image; an instance with such a root is listed as
//     unsupported.
//   - Deregistering asks AWS to delete the snapshots in the same call. Those AWS leaves are
//     deleted one by one; one that another image uses stays.
//   - User data can hold secrets and is not recorded.
//   - A device that was attached after the settings were recorded is restored as the image
//     has it; one that was detached is left out, because EC2 would refuse it.
//
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AMIs.html
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
package ec2
