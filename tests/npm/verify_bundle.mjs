// Verify a bundle with Sigstore's JavaScript client, which shares nothing with our code:
//	node verify_bundle.mjs DIRECTORY-WITH-MODULES BUNDLE PUBLIC-KEY
// Exit status 0: it verifies; 1: it does not; 3: the client is not installed.
import { readFileSync } from 'node:fs'
import { createPublicKey } from 'node:crypto'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const [modules, file, pub] = process.argv.slice(2)
const require = createRequire(resolve(modules) + '/')
let bundles, client
try {
	bundles = require('@sigstore/bundle')
	client = require('@sigstore/verify')
} catch {
	process.exit(3)
}
try {
	const bundle = bundles.bundleFromJSON(JSON.parse(readFileSync(file, 'utf8')))
	const publicKey = createPublicKey(readFileSync(pub))
	const root = { mediaType: '', tlogs: [], ctlogs: [], certificateAuthorities: [], timestampAuthorities: [] }
	const trust = client.toTrustMaterial(root, () => ({ publicKey, validFor: () => true }))
	const none = { tlogThreshold: 0, ctlogThreshold: 0, tsaThreshold: 0, timestampThreshold: 0 }
	new client.Verifier(trust, none).verify(client.toSignedEntity(bundle))
	console.log('verified')
} catch (e) {
	console.log(`refused: ${e.message}`)
	process.exit(1)
}
