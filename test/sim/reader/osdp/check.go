package osdp

// crc16 is CRC-16/AUG-CCITT: polynomial 1021, initial value 1D0F, no reflection. "123456789" gives E5CC.
func crc16(octets []byte) uint16 {
	crc := uint16(0x1D0F)
	for _, b := range octets {
		crc ^= uint16(b) << 8
		for range 8 {
			high := crc & 0x8000
			crc <<= 1
			if high != 0 {
				crc ^= 0x1021
			}
		}
	}
	return crc
}

// checksum is the two's complement of the sum of the octets: all of them and it together add up to zero.
func checksum(octets []byte) byte {
	var sum byte
	for _, b := range octets {
		sum += b
	}
	return -sum
}
