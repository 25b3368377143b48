package resource

// Purpose is what the credentials are for. Each purpose has a role of its own, so that
// a session made for a backup cannot delete anything.
type Purpose string

// The purposes.
const (
	ForDiscover Purpose = "discover"
	ForBackup   Purpose = "backup"
	ForCopy     Purpose = "copy"
	ForRestore  Purpose = "restore"
	ForExpire   Purpose = "expire"
)

// Purposes returns every purpose in a fixed order.
func Purposes() []Purpose { return []Purpose{ForDiscover, ForBackup, ForCopy, ForRestore, ForExpire} }
