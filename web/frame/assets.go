package frame

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed assets templates
var files embed.FS

// AssetsPath is below which Assets is to be served.
const AssetsPath = "/assets/"

// asset is an embedded file.
type asset struct {
	data    []byte
	kind    string
	version string // of its content
}

// assets are all files below assets/, by their address.
var assets = func() map[string]asset {
	all := map[string]asset{}
	err := fs.WalkDir(files, "assets", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := files.ReadFile(name)
		sum := sha256.Sum256(data)
		all["/"+name] = asset{data, mime.TypeByExtension(path.Ext(name)), hex.EncodeToString(sum[:6])}
		return err
	})
	if err != nil {
		panic(err) // embedded at build time
	}
	return all
}()

// address returns the address of an asset with its version, so that it may be kept.
func address(name string) string {
	file := AssetsPath + name
	return file + "?v=" + assets[file].version
}

// Assets serves the embedded files. Their versions are part of their addresses, so a
// browser keeps them for good.
func Assets(notFound http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, ok := assets[r.URL.Path]
		if !ok {
			notFound(w, r)
			return
		}
		if file.kind == "" || strings.HasSuffix(r.URL.Path, ".LICENSE") {
			file.kind = "text/plain; charset=utf-8"
		}
		w.Header().Set("Content-Type", file.kind)
		if r.URL.Query().Get("v") == file.version {
			w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		}
		_, _ = w.Write(file.data)
	})
}
