import { useDispatch, useSelector } from 'react-redux'
import { PROVIDERS } from '../api/comparison'
import { Segmented } from '../components/segmented'
import { messages } from '../lib/messages'
import { selectProvider, setProvider } from '../state/economy-slice'

/** Chooses the provider that every figure is compared with. */
export function ProviderToggle() {
  const dispatch = useDispatch()
  return (
    <Segmented
      label={messages.shell.provider}
      value={useSelector(selectProvider)}
      onChange={(provider) => {
        dispatch(setProvider(provider))
      }}
      options={PROVIDERS.map((provider) => ({ value: provider, label: provider }))}
    />
  )
}
