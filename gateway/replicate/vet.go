package replicate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2"
	"github.com/dgraph-io/ristretto/v2/z"
)

// vet reads the files of the database in o.Dir before Badger does. Badger reads its tables in goroutines of its own, where
// a bit that turned is a panic that nobody can catch, at every start again; and files that its manifest does not name it
// deletes. Nothing is changed here, and damage is ErrDamaged with the name of the file.
func vet(o badger.Options) error {
	manifest, err := vetManifest(o)
	if err != nil || len(manifest.Tables) == 0 {
		return err
	}
	v := vetter{dir: o.Dir}
	defer v.close()
	if err := guarded("read "+badger.KeyRegistryFileName, func() error { return v.readKeys(o) }); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for id, listed := range manifest.Tables {
		name := table.IDToFilename(id)
		if err := guarded("check "+name, func() error { return v.table(name, listed) }); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return nil
}

// vetManifest reads the list of tables. Without it there may be no table: a new database has neither.
func vetManifest(o badger.Options) (manifest badger.Manifest, err error) {
	f, err := os.Open(filepath.Join(o.Dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		tables, err := filepath.Glob(filepath.Join(o.Dir, "*.sst"))
		if err == nil && len(tables) > 0 {
			err = fmt.Errorf("%w: %s is missing", ErrDamaged, badger.ManifestFilename)
		}
		return manifest, err
	}
	if err != nil {
		return manifest, err
	}
	defer f.Close()
	err = guarded("read "+badger.ManifestFilename, func() (err error) {
		manifest, _, err = badger.ReplayManifestFile(f, o.ExternalMagicVersion, o)
		return err
	})
	if err != nil {
		return manifest, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return manifest, nil
}

// vetter reads tables as Badger would.
type vetter struct {
	dir     string
	keys    *badger.KeyRegistry
	indices *ristretto.Cache[uint64, *fb.TableIndex] // of encrypted tables, which are not read without one
}

// readKeys reads the keys of the tables, which are encrypted under the database's.
func (v *vetter) readKeys(o badger.Options) (err error) {
	if v.keys, err = badger.OpenKeyRegistry(badger.KeyRegistryOptions{Dir: o.Dir, ReadOnly: true, EncryptionKey: o.EncryptionKey}); err != nil {
		return err
	}
	if len(o.EncryptionKey) > 0 {
		v.indices, err = ristretto.NewCache(&ristretto.Config[uint64, *fb.TableIndex]{NumCounters: 100, MaxCost: o.IndexCacheSize, BufferItems: 64})
	}
	return err
}

func (v *vetter) close() {
	if v.indices != nil {
		v.indices.Close()
	}
}

// table reads one table and the checksum of each of its blocks.
func (v *vetter) table(name string, listed badger.TableManifest) error {
	key, err := v.keys.DataKey(listed.KeyID)
	if err != nil {
		return err
	}
	file, err := z.OpenMmapFile(filepath.Join(v.dir, name), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close(-1)
	t, err := table.OpenTable(file, table.Options{
		ReadOnly: true, BlockSize: badgerBlock, Compression: listed.Compression, DataKey: key, IndexCache: v.indices,
	})
	if err != nil {
		return err
	}
	return t.VerifyChecksum()
}
