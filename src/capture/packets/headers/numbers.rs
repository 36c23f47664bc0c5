//! The numbers of link types, `EtherType`s and IP protocols, as far as they are read.

/// Link types by their numbers in both formats (the registry of `LINKTYPE_` values).
pub(super) mod linktype {
    pub(in crate::capture::packets::headers) const NULL: u16 = 0;
    pub(in crate::capture::packets::headers) const ETHERNET: u16 = 1;
    pub(in crate::capture::packets::headers) const PPP: u16 = 9;
    pub(in crate::capture::packets::headers) const PPP_HDLC: u16 = 50;
    pub(in crate::capture::packets::headers) const PPP_ETHER: u16 = 51;
    pub(in crate::capture::packets::headers) const ATM_RFC1483: u16 = 100;
    pub(in crate::capture::packets::headers) const RAW: u16 = 101;
    pub(in crate::capture::packets::headers) const C_HDLC: u16 = 104;
    pub(in crate::capture::packets::headers) const IEEE802_11: u16 = 105;
    pub(in crate::capture::packets::headers) const LOOP: u16 = 108;
    pub(in crate::capture::packets::headers) const ENC: u16 = 109;
    pub(in crate::capture::packets::headers) const SLL: u16 = 113;
    pub(in crate::capture::packets::headers) const PFLOG: u16 = 117;
    pub(in crate::capture::packets::headers) const PRISM: u16 = 119;
    pub(in crate::capture::packets::headers) const RADIOTAP: u16 = 127;
    pub(in crate::capture::packets::headers) const IEEE1394: u16 = 138;
    /// The number of PKTAP before it had one of its own (a user number of Apple's).
    pub(in crate::capture::packets::headers) const OLD_PKTAP: u16 = 149;
    pub(in crate::capture::packets::headers) const AVS: u16 = 163;
    pub(in crate::capture::packets::headers) const PPP_PPPD: u16 = 166;
    pub(in crate::capture::packets::headers) const PPI: u16 = 192;
    pub(in crate::capture::packets::headers) const PPP_WITH_DIR: u16 = 204;
    pub(in crate::capture::packets::headers) const C_HDLC_WITH_DIR: u16 = 205;
    pub(in crate::capture::packets::headers) const MPLS: u16 = 219;
    pub(in crate::capture::packets::headers) const IPV4: u16 = 228;
    pub(in crate::capture::packets::headers) const IPV6: u16 = 229;
    pub(in crate::capture::packets::headers) const NFLOG: u16 = 239;
    pub(in crate::capture::packets::headers) const IPOIB: u16 = 242;
    pub(in crate::capture::packets::headers) const PKTAP: u16 = 258;
    pub(in crate::capture::packets::headers) const SLL2: u16 = 276;
}

/// `EtherType`s by their numbers (IEEE 802), as far as they are read.
pub(super) mod ethertype {
    pub(in crate::capture::packets::headers) const IPV4: u16 = 0x0800;
    pub(in crate::capture::packets::headers) const IPV6: u16 = 0x86dd;
    /// A whole Ethernet frame (transparent Ethernet bridging).
    pub(in crate::capture::packets::headers) const ETHERNET: u16 = 0x6558;
    pub(in crate::capture::packets::headers) const MPLS: u16 = 0x8847;
    pub(in crate::capture::packets::headers) const MPLS_UPSTREAM: u16 = 0x8848;
    pub(in crate::capture::packets::headers) const PPP: u16 = 0x880b;
    pub(in crate::capture::packets::headers) const PPPOE_SESSION: u16 = 0x8864;
    pub(in crate::capture::packets::headers) const NSH: u16 = 0x894f;
    /// VLAN tags of IEEE 802.1Q and 802.1ad, and the numbers that were used before 802.1ad.
    pub(in crate::capture::packets::headers) const VLAN: [u16; 4] =
        [0x8100, 0x88a8, 0x9100, 0x9200];
    /// Tags that switches put before the real type, of four bytes (VN-Tag) and six (IEEE 802.1BR).
    pub(in crate::capture::packets::headers) const VN_TAG: u16 = 0x8926;
    pub(in crate::capture::packets::headers) const E_TAG: u16 = 0x893f;
}

/// Protocols by their numbers in the IP header (IANA), as far as they are read.
pub(super) mod ip_protocol {
    pub(in crate::capture::packets::headers) const HOP_BY_HOP: u8 = 0;
    pub(in crate::capture::packets::headers) const IPV4: u8 = 4;
    pub(in crate::capture::packets::headers) const TCP: u8 = 6;
    pub(in crate::capture::packets::headers) const UDP: u8 = 17;
    pub(in crate::capture::packets::headers) const IPV6: u8 = 41;
    pub(in crate::capture::packets::headers) const ROUTING: u8 = 43;
    pub(in crate::capture::packets::headers) const FRAGMENT: u8 = 44;
    pub(in crate::capture::packets::headers) const GRE: u8 = 47;
    pub(in crate::capture::packets::headers) const AUTHENTICATION: u8 = 51;
    pub(in crate::capture::packets::headers) const DESTINATION: u8 = 60;
    pub(in crate::capture::packets::headers) const ETHER_IP: u8 = 97;
    pub(in crate::capture::packets::headers) const MPLS: u8 = 137;
    pub(in crate::capture::packets::headers) const ETHERNET: u8 = 143;
}
