package config

import "time"

func expiryKeys(c *Config) []key {
	e := &c.Expiry
	return []key{
		{
			path: "expiry.undo_window", value: duration(&e.UndoWindow, 0, 30*24*time.Hour), def: "1h",
			doc: "How long a deletion waits before it begins, whoever asked for it. Until then `holdfast jobs cancel` or a legal hold undoes it.",
		},
		{
			path: "expiry.resource_share", value: fraction(&e.ResourceShare, 0.01, 1), def: "0.5",
			doc: "Part of a resource's recovery points that may be lost within a day, those made that day set off, before scheduled deletions of its points stop and ask: see `holdfast deletions list`. 1 never stops.",
		},
		{
			path: "expiry.installation_share", value: fraction(&e.InstallationShare, 0.01, 1), def: "0.2",
			doc: "The same for all recovery points of the installation, so that a wrong edit of a retention cannot delete most of them overnight.",
		},
	}
}
