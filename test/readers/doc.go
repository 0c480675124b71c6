// Package readers puts every driver to its simulated reader, over a real pseudo-terminal and on a line that is not kind: frames
// lost, damaged, late and doubled, power that goes, cables that are pulled, readers that were swapped. It holds tests alone.
//
// The two sides were written apart and share no code, so each test is also a question whether they read the vendor's document
// alike. What a student or a technician would see is asked of the simulator, what a gateway learns of the driver. That faults
// struck is read from the simulator's counters: a run in which none did has shown nothing and fails.
//
// Nothing here is about time. Lines are instant where the protocol lets them; a test waits for what is to happen and ends with
// what it waited for.
package readers
