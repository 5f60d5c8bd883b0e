;; with: wasi base describe transform
;; Was built for WASI.
