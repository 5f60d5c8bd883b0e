;; with: bindgen base describe transform
;; Was built with a crate's feature for browsers.
