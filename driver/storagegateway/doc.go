// Package storagegateway protects the volumes of AWS Storage Gateway's volume gateways,
// cached and stored, with EBS snapshots that the gateway begins.
//
// How AWS does it: CreateSnapshot answers at once with the id of an EBS snapshot, tagged in
// that call; from then on it is EC2's, and is observed, copied, shared and deleted there
// (driver/internal/ebssnap). A snapshot becomes a new volume of a gateway or of EC2.
//
// Quirks worth knowing:
//   - Errors come as InvalidGatewayRequestException; the code that says what is wrong is
//     inside.
//   - A gateway that is not connected begins no snapshot: class busy. Of a cached volume,
//     what it has sent to AWS is then made a snapshot of instead.
//   - It shows no volumes either: its volumes are kept as they were recorded, and the
//     listing says that it is not complete.
//   - CreateSnapshot takes no token, so the SDK repeats it only when throttled.
//   - CreateCachediSCSIVolume takes a token. CreateStorediSCSIVolume takes none, but refuses
//     a target's name that is in use: what has it and carries our mark is adopted.
//   - A cached volume of more than 16 TiB does not become an EBS volume.
//
// Through AWS Backup the snapshots are its own; a job for a stored volume whose gateway is away
// is not begun, because it would fail.
//
// https://docs.aws.amazon.com/storagegateway/latest/vgw/backing-up-volumes.html
// https://docs.aws.amazon.com/storagegateway/latest/vgw/recover-data-from-gateway.html
// https://docs.aws.amazon.com/storagegateway/latest/vgw/StorageVolumeStatuses.html
// https://docs.aws.amazon.com/storagegateway/latest/vgw/resource-gateway-limits.html
package storagegateway
