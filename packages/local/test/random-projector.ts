// A random projector (mmproj) for a random model: images of 64 × 64 pixels become 16 tokens, as in Gemma 3.
import { generator, type Tensor, type Value, writeGguf } from './gguf-writer.js'

const [imageSize, patch, width, feedForward] = [64, 8, 32, 64]

/** Writes the file and gives its path back. `modelWidth` is that of the model. */
export function writeRandomProjector(path: string, { modelWidth = 64, seed = 3 } = {}): string {
  const facts: Record<string, Value> = {
    'general.architecture': ['string', 'clip'],
    'general.file_type': ['u32', 0],
    'clip.has_vision_encoder': ['bool', 1],
    'clip.projector_type': ['string', 'gemma3'],
    'clip.use_gelu': ['bool', 1],
    'clip.vision.image_size': ['u32', imageSize],
    'clip.vision.patch_size': ['u32', patch],
    'clip.vision.embedding_length': ['u32', width],
    'clip.vision.feed_forward_length': ['u32', feedForward],
    'clip.vision.block_count': ['u32', 1],
    'clip.vision.projection_dim': ['u32', modelWidth],
    'clip.vision.attention.head_count': ['u32', 2],
    'clip.vision.attention.layer_norm_epsilon': ['f32', 1e-6],
    'clip.vision.projector.scale_factor': ['u32', 2],
    'clip.vision.image_mean': ['array', 'f32', [0.5, 0.5, 0.5]],
    'clip.vision.image_std': ['array', 'f32', [0.5, 0.5, 0.5]],
  }
  const tensor = (name: string, ...dims: number[]): Tensor => ({ name, dims, type: 'f32' })
  const norm = (name: string): Tensor => ({ name, dims: [width], type: 'norm' })
  const linear = (name: string, from: number, to: number): Tensor[] => [
    tensor(`${name}.weight`, from, to),
    tensor(`${name}.bias`, to),
  ]
  const layerNorm = (name: string): Tensor[] => [norm(`${name}.weight`), tensor(`${name}.bias`, width)]
  const at = 'v.blk.0'
  const tensors = [
    tensor('v.patch_embd.weight', patch, patch, 3, width),
    tensor('v.patch_embd.bias', width),
    tensor('v.position_embd.weight', width, (imageSize / patch) ** 2),
    ...layerNorm('v.post_ln'),
    ...layerNorm(`${at}.ln1`),
    ...layerNorm(`${at}.ln2`),
    ...['attn_q', 'attn_k', 'attn_v', 'attn_out'].flatMap((part) => linear(`${at}.${part}`, width, width)),
    ...linear(`${at}.ffn_up`, width, feedForward),
    ...linear(`${at}.ffn_down`, feedForward, width),
    tensor('mm.input_projection.weight', modelWidth, width),
    norm('mm.soft_emb_norm.weight'),
  ]
  return writeGguf(path, facts, tensors, generator(seed))
}
