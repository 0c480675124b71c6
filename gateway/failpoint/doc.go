// Package failpoint names the places at which the outage laboratory may end a program: before and after each step that a tap
// takes on its way. What is shipped has none of them: without the build tag failpoints Hit is empty and costs nothing.
//
// In a build with the tag, a point is armed by a file of its name in the folder that ROLLCALL_FAILPOINTS names. Whoever
// passes it first takes the file away, which leaves <name>.hit as the proof, and panics.
package failpoint

// Names of points are <package>.<moment>; the constants are in the order in which a tap passes them.
const (
	DriverRead       = "driver.read"        // a driver has a card and has not handed it over
	CaptureAnswer    = "capture.answer"     // a tap was heard and nothing has been done about it
	JournalWrite     = "journal.write"      // before the write of a batch
	JournalFlush     = "journal.flush"      // written, not flushed
	JournalFlushed   = "journal.flushed"    // flushed, shown to nobody
	CaptureKept      = "capture.kept"       // kept, no light shown
	CaptureLit       = "capture.lit"        // the light was shown
	ReplicatePropose = "replicate.propose"  // the leader has a command and has not given it to Raft
	ReplicateStore   = "replicate.store"    // before entries reach Raft's log
	ReplicateStored  = "replicate.stored"   // in Raft's log, not counted yet
	ReplicateApply   = "replicate.apply"    // committed, not in the replica
	ReplicateApplied = "replicate.applied"  // in the replica, answered to nobody
	SnapshotNote     = "replicate.snapshot" // before a snapshot taken here is noted
	SnapshotArrive   = "replicate.arrive"   // a snapshot has arrived whole, and was not made to count
	SnapshotSwap     = "replicate.swap"     // the old replica was moved away, the new one is not in its place
	ForwardSend      = "forward.send"       // before a batch is sent to central
	ForwardSent      = "forward.sent"       // central's receipt has come, nothing was made of it
	ForwardNoted     = "forward.noted"      // the receipt was noted, nobody was told
)
