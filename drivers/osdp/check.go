package osdp

// CRC-16/AUG-CCITT: polynomial 1021, start 1D0F, nothing reflected; "123456789" gives E5CC.
const (
	crcPolynomial = 0x1021
	crcStart      = 0x1D0F
)

var crcTable = makeCRCTable()

func makeCRCTable() (table [256]uint16) {
	for i := range table {
		v := uint16(i) << 8
		for range 8 {
			carry := v&0x8000 != 0
			v <<= 1
			if carry {
				v ^= crcPolynomial
			}
		}
		table[i] = v
	}
	return table
}

func crc(b []byte) uint16 {
	v := uint16(crcStart)
	for _, o := range b {
		v = v<<8 ^ crcTable[byte(v>>8)^o]
	}
	return v
}

// checksum is the octet that makes the sum of all octets zero.
func checksum(b []byte) byte {
	var sum byte
	for _, o := range b {
		sum += o
	}
	return -sum
}
