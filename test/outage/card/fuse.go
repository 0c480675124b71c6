package card

import (
	"context"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

const imageName = "image" // of the one file that FUSE shows

// folder shows the disk as its only file.
type folder struct {
	fs.Inode
	disk *disk
}

var _ fs.NodeOnAdder = (*folder)(nil)

// OnAdd implements fs.NodeOnAdder.
func (f *folder) OnAdd(ctx context.Context) {
	f.AddChild(imageName, f.NewPersistentInode(ctx, &image{disk: f.disk}, fs.StableAttr{Ino: 2}), false)
}

// image is the disk as a file. The loop device turns a flush of the block layer into an fsync of it.
type image struct {
	fs.Inode
	disk *disk
}

var (
	_ fs.NodeGetattrer = (*image)(nil)
	_ fs.NodeSetattrer = (*image)(nil)
	_ fs.NodeOpener    = (*image)(nil)
	_ fs.NodeReader    = (*image)(nil)
	_ fs.NodeWriter    = (*image)(nil)
	_ fs.NodeFsyncer   = (*image)(nil)
	_ fs.NodeAllocater = (*image)(nil)
)

// Getattr implements fs.NodeGetattrer.
func (i *image) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode = syscall.S_IFREG | 0o600
	out.Size = uint64(i.disk.size)
	out.Blocks = out.Size / sectorSize
	return 0
}

// Setattr implements fs.NodeSetattrer: the kernel wants to set times, which nobody reads.
func (i *image) Setattr(ctx context.Context, f fs.FileHandle, _ *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return i.Getattr(ctx, f, out)
}

// Open implements fs.NodeOpener. Without direct I/O the kernel would keep a second cache, which a cut would not reach.
func (i *image) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO, 0
}

// Read implements fs.NodeReader.
func (i *image) Read(_ context.Context, _ fs.FileHandle, p []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n, errno := i.disk.read(p, off)
	return fuse.ReadResultData(p[:n]), errno
}

// Write implements fs.NodeWriter.
func (i *image) Write(_ context.Context, _ fs.FileHandle, p []byte, off int64) (uint32, syscall.Errno) {
	return uint32(len(p)), i.disk.write(p, off) //nolint:gosec // at most 1 MiB
}

// Fsync implements fs.NodeFsyncer.
func (i *image) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return i.disk.flush() }

// Allocate implements fs.NodeAllocater: a card that cannot discard.
func (i *image) Allocate(context.Context, fs.FileHandle, uint64, uint64, uint32) syscall.Errno {
	return syscall.EOPNOTSUPP
}

// serve makes the card's folders and mounts the disk as a file.
func (c *Card) serve() (err error) {
	at := filepath.Join(c.home(), "fuse")
	for _, dir := range []string{at, c.Dir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	c.fuse, err = fs.Mount(at, &folder{disk: c.disk}, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: c.claim.Name, Name: "card", MaxWrite: 1 << 20},
	})
	return err
}

func (c *Card) image() string { return filepath.Join(c.home(), "fuse", imageName) }
