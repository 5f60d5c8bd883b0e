;; with: newer base describe transform
;; Was built for a later version of the contract.
