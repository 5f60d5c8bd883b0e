//! transload's delivery loop: dispatch, send, retry; outbound authentication; egress.
